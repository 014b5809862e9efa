//! Namespaces.

use axum::{Json, extract::State};
use tasker_orchestrator::{Orchestrator, read::Namespace};

use crate::{
    access::Within,
    extract::Path,
    page::{List, NoFilters, Page, PageParameters},
    problem::{ApiError, Problem},
};

/// Lists the namespaces with published templates, sorted by name.
#[utoipa::path(get, path = "/v1/namespaces", tag = "discovery", operation_id = "list_namespaces", params(PageParameters), responses(
    (status = 200, body = Page<Namespace>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<NoFilters>,
) -> Result<Page<Namespace>, ApiError> {
    let namespaces = orchestrator.reader.namespaces(&within.scope, list.slice()?).await?;
    Ok(list.page(namespaces, |namespace| namespace.name.clone()))
}

/// Returns a namespace.
#[utoipa::path(get, path = "/v1/namespaces/{namespace}", tag = "discovery", operation_id = "get_namespace", params(("namespace" = String, Path)),
    responses((status = 200, body = Namespace), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(namespace): Path<String>,
) -> Result<Json<Namespace>, ApiError> {
    Ok(Json(orchestrator.reader.namespace(&within.scope, &namespace).await?))
}
