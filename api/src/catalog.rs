//! What can run: templates and handlers.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    HandlerVersion, Orchestrator,
    read::{HandlerSummary, TemplateSummary},
};
use tasker_templates::template::Template;

use crate::{
    error::{ApiError, ErrorBody},
    extract::{Body, Path},
};

/// Lists published template versions.
#[utoipa::path(get, path = "/v1/templates", tag = "catalog", responses((status = 200, body = [TemplateSummary])))]
pub(crate) async fn templates(
    State(orchestrator): State<Orchestrator>,
) -> Result<Json<Vec<TemplateSummary>>, ApiError> {
    Ok(Json(orchestrator.templates().await?))
}

/// Shows a published template version.
#[utoipa::path(get, path = "/v1/templates/{namespace}/{name}/{version}", tag = "catalog",
    params(("namespace" = String, Path), ("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = ErrorBody)))]
pub(crate) async fn template(
    State(orchestrator): State<Orchestrator>,
    Path((namespace, name, version)): Path<(String, String, String)>,
) -> Result<Json<Template>, ApiError> {
    Ok(Json(orchestrator.template(&namespace, &name, &version).await?))
}

/// Lists the handlers that templates can name.
#[utoipa::path(get, path = "/v1/handlers", tag = "catalog", responses((status = 200, body = [HandlerSummary])))]
pub(crate) async fn handlers(
    State(orchestrator): State<Orchestrator>,
) -> Result<Json<Vec<HandlerSummary>>, ApiError> {
    Ok(Json(orchestrator.handlers().await?))
}

/// Which version of a handler tasks get from now on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum HandlerOperation {
    /// This one.
    Promote {
        /// Its number.
        version: i32,
    },
    /// The one that was current before the last promotion.
    RollBack,
}

/// Lists the versions of a handler, the newest first.
#[utoipa::path(get, path = "/v1/handlers/{callable}/versions", tag = "catalog", params(("callable" = String, Path)),
    responses((status = 200, body = [HandlerVersion]), (status = 404, body = ErrorBody)))]
pub(crate) async fn handler_versions(
    State(orchestrator): State<Orchestrator>,
    Path(callable): Path<String>,
) -> Result<Json<Vec<HandlerVersion>>, ApiError> {
    Ok(Json(orchestrator.handler_versions(&callable).await?))
}

/// Makes another version of a handler current: `action` is `promote` (with `version`) or `roll_back`. Tasks that exist
/// keep what they were created with.
#[utoipa::path(patch, path = "/v1/handlers/{callable}/versions", tag = "catalog", params(("callable" = String, Path)),
    request_body = Object, responses((status = 200, body = [HandlerVersion]), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody)))]
pub(crate) async fn operate_handler(
    State(orchestrator): State<Orchestrator>,
    Path(callable): Path<String>,
    Body(operation): Body<HandlerOperation>,
) -> Result<Json<Vec<HandlerVersion>>, ApiError> {
    match operation {
        HandlerOperation::Promote { version } => orchestrator.promote_handler(&callable, version).await?,
        HandlerOperation::RollBack => drop(orchestrator.roll_back_handler(&callable).await?),
    }
    Ok(Json(orchestrator.handler_versions(&callable).await?))
}
