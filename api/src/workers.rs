//! The processes that run steps.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{Host, Orchestrator};
use utoipa::IntoParams;

use crate::{
    page::{List, Page, PageParameters},
    problem::ApiError,
};

/// Filters of a list of workers.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkerFilters {
    /// Only processes with this name.
    name: Option<String>,
}

/// Lists the processes that have run steps in the last day, sorted by name. Lambda functions are not among them: they come and go with
/// each batch of steps.
#[utoipa::path(get, path = "/v1/workers", tag = "operation", operation_id = "list_workers", params(WorkerFilters, PageParameters), responses(
    (status = 200, body = Page<Host>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    list: List<WorkerFilters>,
) -> Result<Page<Host>, ApiError> {
    let hosts = orchestrator.reader.hosts(list.filters.name.as_deref(), list.slice()?).await?;
    Ok(list.page(hosts, |host| (host.name.clone(), host.instance)))
}
