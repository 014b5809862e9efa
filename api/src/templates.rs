//! Published templates.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Orchestrator,
    read::{TemplateFilter, TemplateSummary},
};
use tasker_templates::template::Template;
use utoipa::IntoParams;

use crate::{
    access::Within,
    creations::hidden_template,
    extract::Path,
    page::{List, Page, PageParameters},
    problem::{ApiError, Problem},
};

/// Filters of a list of templates.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// Only templates of this namespace.
    namespace: Option<String>,
    /// Only templates with this name.
    name: Option<String>,
}

/// Lists published template versions, sorted by name.
#[utoipa::path(get, path = "/v1/templates", tag = "catalog", params(Filters, PageParameters), responses(
    (status = 200, body = Page<TemplateSummary>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<Filters>,
) -> Result<Page<TemplateSummary>, ApiError> {
    let filter = TemplateFilter {
        scope: within.scope,
        namespace: list.filters.namespace.clone(),
        name: list.filters.name.clone(),
    };
    let templates = orchestrator.reader.templates(&filter, list.slice()?).await?;
    Ok(list.page(templates, TemplateSummary::key))
}

/// Returns a published template version.
#[utoipa::path(get, path = "/v1/templates/{namespace}/{name}/{version}", tag = "catalog",
    params(("namespace" = String, Path), ("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((namespace, name, version)): Path<(String, String, String)>,
) -> Result<Json<Template>, ApiError> {
    if !within.scope.contains(&namespace) {
        return Err(hidden_template(namespace, name, Some(version)).into());
    }
    Ok(Json(orchestrator.reader.template(&namespace, &name, &version).await?))
}
