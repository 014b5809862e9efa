//! Discovery: namespaces, their templates, and one template with its dependency graph. In these routes, as in earlier
//! versions of Tasker, a template is called a handler. The handlers of steps are callables.

use axum::{Json, extract::State};
use serde::Deserialize;
use tasker_orchestrator::{
    Orchestrator,
    read::{HandlerDetail, Handlers, HandlersOfNamespace},
};
use utoipa::IntoParams;

use crate::{
    access::Within,
    extract::{Path, Query},
    problem::{ApiError, Problem},
};

/// Lists the names of all templates, by namespace.
#[utoipa::path(get, path = "/v1/handlers", tag = "discovery", operation_id = "list_handlers", responses(
    (status = 200, body = Handlers)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
) -> Result<Json<Handlers>, ApiError> {
    Ok(Json(orchestrator.reader.handler_names(&within.scope).await?))
}

/// Lists the templates of a namespace with their versions and steps.
#[utoipa::path(get, path = "/v1/handlers/{namespace}", tag = "discovery", operation_id = "list_handlers_of_namespace", params(("namespace" = String, Path)),
    responses((status = 200, body = HandlersOfNamespace), (status = 404, body = Problem)))]
pub(crate) async fn of_namespace(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(namespace): Path<String>,
) -> Result<Json<HandlersOfNamespace>, ApiError> {
    Ok(Json(orchestrator.reader.handlers_of(&within.scope, &namespace).await?))
}

/// Which version of a template to return.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Version {
    /// A version, or `latest`, the default: the one that new tasks use.
    version: Option<String>,
}

/// Returns a template with its dependency graph.
#[utoipa::path(get, path = "/v1/handlers/{namespace}/{name}", tag = "discovery", operation_id = "get_handler",
    params(("namespace" = String, Path), ("name" = String, Path), Version),
    responses((status = 200, body = HandlerDetail), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((namespace, name)): Path<(String, String)>,
    Query(Version { version }): Query<Version>,
) -> Result<Json<HandlerDetail>, ApiError> {
    let version = version.as_deref().filter(|version| *version != "latest");
    Ok(Json(orchestrator.reader.handler(&within.scope, &namespace, &name, version).await?))
}
