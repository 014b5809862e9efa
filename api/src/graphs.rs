//! Graphs to draw.

use axum::{Json, extract::State};
use tasker_orchestrator::{Orchestrator, read::DrawnGraph};
use uuid::Uuid;

use crate::{
    access::Within,
    creations::hidden_template,
    extract::Path,
    problem::{ApiError, Problem},
};

/// Returns the graph of a task with the state of its steps, laid out from left to right.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/graph", tag = "tasks", operation_id = "get_task_graph", params(("task_id" = Uuid, Path)),
    responses((status = 200, body = DrawnGraph), (status = 404, body = Problem)))]
pub(crate) async fn of_task(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
) -> Result<Json<DrawnGraph>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    Ok(Json(orchestrator.reader.task_graph(task).await?))
}

/// Returns the graph of a template version, laid out from left to right.
#[utoipa::path(get, path = "/v1/templates/{namespace}/{name}/{version}/graph", tag = "catalog", operation_id = "get_template_graph",
    params(("namespace" = String, Path), ("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = DrawnGraph), (status = 404, body = Problem)))]
pub(crate) async fn of_template(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((namespace, name, version)): Path<(String, String, String)>,
) -> Result<Json<DrawnGraph>, ApiError> {
    if !within.scope.contains(&namespace) {
        return Err(hidden_template(namespace, name, Some(version)).into());
    }
    Ok(Json(orchestrator.reader.template_graph(&namespace, &name, &version).await?))
}
