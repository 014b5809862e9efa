//! Callables: the handlers of steps that components contain, and their versions.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Error, HandlerVersion, Orchestrator, Slice, access::Permission, read::HandlerSummary,
};

use utoipa::ToSchema;

use crate::{
    access::Within,
    extract::{Body, Path},
    page::{List, NoFilters, Page, PageParameters},
    problem::{ApiError, Problem},
};

/// Lists the handlers that templates can use, sorted by their callable.
#[utoipa::path(get, path = "/v1/callables", tag = "catalog", operation_id = "list_callables", params(PageParameters), responses(
    (status = 200, body = Page<HandlerSummary>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<NoFilters>,
) -> Result<Page<HandlerSummary>, ApiError> {
    let templates = within.caller.scope(Permission::TemplatesRead);
    let handlers = orchestrator.reader.handlers(list.slice()?, templates).await?;
    Ok(list.page(handlers, |handler| handler.callable.clone()))
}

/// A change of a handler's current version. New tasks use the current version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum CallableOperation {
    /// Makes a version current.
    Promote {
        /// The number of the version.
        version: i32,
    },
    /// Makes the version current that was current before the last promotion.
    RollBack,
}

/// Lists the versions of a handler, newest first.
#[utoipa::path(get, path = "/v1/callables/{callable}/versions", tag = "catalog", operation_id = "list_callable_versions",
    params(("callable" = String, Path), PageParameters), responses((status = 200, body = Page<HandlerVersion>), (status = 404, body = Problem)))]
pub(crate) async fn versions(
    State(orchestrator): State<Orchestrator>,
    Path(callable): Path<String>,
    list: List<NoFilters>,
) -> Result<Page<HandlerVersion>, ApiError> {
    let versions = orchestrator.catalog.handler_versions(&callable, list.slice()?).await?;
    Ok(list.page(versions, |version| version.version))
}

/// Changes the current version of a handler: `action` is `promote` (with `version`) or `roll_back`. Existing
/// tasks keep their version. Returns the version that is current now.
#[utoipa::path(patch, path = "/v1/callables/{callable}/versions", tag = "catalog", operation_id = "operate_on_callable", params(("callable" = String, Path)),
    request_body = CallableOperation, responses((status = 200, body = HandlerVersion),
    (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn operate(
    State(orchestrator): State<Orchestrator>,
    Path(callable): Path<String>,
    Body(operation): Body<CallableOperation>,
) -> Result<Json<HandlerVersion>, ApiError> {
    match operation {
        CallableOperation::Promote { version } => {
            orchestrator.catalog.promote_handler(&callable, version).await?;
        }
        CallableOperation::RollBack => drop(orchestrator.catalog.roll_back_handler(&callable).await?),
    }
    let versions = orchestrator.catalog.handler_versions(&callable, Slice::all()).await?;
    let current = versions.into_iter().find(|version| version.is_current);
    current.map(Json).ok_or_else(|| Error::Damaged(format!("no version of {callable} is current")).into())
}
