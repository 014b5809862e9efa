//! What can run: templates and handlers.

use axum::{Json, extract::State};
use tasker_orchestrator::{
    Orchestrator,
    read::{HandlerSummary, TemplateSummary},
    template::Template,
};

use crate::{
    error::{ApiError, ErrorBody},
    tasks::Path,
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
