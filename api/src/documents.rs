//! The documents of a task: its input and the results of its steps.

use axum::{Json, extract::State};
use serde_json::value::RawValue;
use tasker_orchestrator::{Error, Orchestrator, read::TaskContext};
use uuid::Uuid;

use crate::{
    access::Within,
    extract::Path,
    problem::{ApiError, Problem},
};

/// Returns the input of a task and the results of its completed steps. A document of more than 256 KiB, or past 4 MiB in
/// all, is `{"$omitted": {"bytes", "href"}}`; `href` returns it.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/context", tag = "tasks", operation_id = "get_task_context", params(("task_id" = Uuid, Path)),
    responses((status = 200, body = TaskContext), (status = 404, body = Problem)))]
pub(crate) async fn context(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
) -> Result<Json<TaskContext>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    Ok(Json(orchestrator.reader.context(task).await?))
}

/// Returns the input of a task, whatever its length.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/input", tag = "tasks", operation_id = "get_task_input", params(("task_id" = Uuid, Path)),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
pub(crate) async fn input(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
) -> Result<Json<Box<RawValue>>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    Ok(Json(orchestrator.reader.input(task).await?))
}

/// Returns the result of a step, whatever its length.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}/result", tag = "steps", operation_id = "get_step_result",
    params(("task_id" = Uuid, Path), ("step" = String, Path)),
    responses((status = 200, body = Value),
    (status = 404, body = Problem, description = "There is no such step, or it has no result.")))]
pub(crate) async fn result(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((task, step)): Path<(Uuid, String)>,
) -> Result<Json<Box<RawValue>>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    let result = orchestrator.reader.result(task, &step).await?;
    let missing =
        || Error::NoSuchStep(format!("step `{step}` of task {task} has no result: it is not complete"));
    Ok(Json(result.ok_or_else(missing)?))
}
