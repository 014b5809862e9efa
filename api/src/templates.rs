//! Published templates.

use axum::{Json, extract::State};
use tasker_orchestrator::{Orchestrator, read::TemplateSummary};
use tasker_templates::template::Template;

use crate::{
    error::{ApiError, ErrorBody},
    extract::Path,
};

/// Lists published template versions.
#[utoipa::path(get, path = "/v1/templates", tag = "catalog", responses((status = 200, body = [TemplateSummary])))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
) -> Result<Json<Vec<TemplateSummary>>, ApiError> {
    Ok(Json(orchestrator.reader.templates().await?))
}

/// Returns a published template version.
#[utoipa::path(get, path = "/v1/templates/{namespace}/{name}/{version}", tag = "catalog",
    params(("namespace" = String, Path), ("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    Path((namespace, name, version)): Path<(String, String, String)>,
) -> Result<Json<Template>, ApiError> {
    Ok(Json(orchestrator.reader.template(&namespace, &name, &version).await?))
}
