//! The configuration of the server, without its secrets.

use std::sync::Arc;

use axum::Extension;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    page::{List, NoFilters, Page, PageParameters},
    problem::ApiError,
};

/// A key of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigurationEntry {
    /// The section and the key: `server.listen`.
    pub key: String,
    /// Its value. A secret is `***`.
    #[schema(value_type = Value)]
    pub value: Value,
    /// Where the value comes from: `default`, the path of a file, or the name of an environment variable after a `$`.
    pub source: String,
}

/// The configuration that the process was started with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Configuration(pub(crate) Arc<[ConfigurationEntry]>);

/// Returns the configuration of the server, with the source of each value and without secrets. Empty in a Lambda function, whose
/// settings are its deployment's.
#[utoipa::path(get, path = "/v1/config", tag = "operation", operation_id = "get_config", params(PageParameters), responses(
    (status = 200, body = Page<ConfigurationEntry>)))]
pub(crate) async fn list(
    Extension(Configuration(entries)): Extension<Configuration>,
    list: List<NoFilters>,
) -> Result<Page<ConfigurationEntry>, ApiError> {
    Ok(list.has_one_page()?.whole(entries.to_vec()))
}
