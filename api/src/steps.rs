//! The steps of a task.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tasker_orchestrator::{
    Completion, Orchestrator, StepAction,
    read::{AttemptRecord, StepDetail, Transition},
};
use uuid::Uuid;

use crate::{
    error::{ApiError, ErrorBody},
    extract::{Body, Path},
    tasks::{OperatedTask, anybody},
};

/// An operation on a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepOperation {
    /// The operation.
    pub action: StepActionName,
    /// Who requests it.
    #[serde(default = "anybody")]
    pub actor: String,
    /// The reason.
    pub reason: String,
    /// For `complete_manually`: the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Box<RawValue>>,
    /// For `complete_manually` of a decision: the names of the steps to run next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Vec<String>>,
    /// For `complete_manually` of a batchable step: one cursor per worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursors: Option<Vec<Box<RawValue>>>,
}

/// The operations on steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepActionName {
    /// Runs a failed step again, with its attempts reset.
    ResetForRetry,
    /// Lets dependent steps run without a result of this one.
    ResolveManually,
    /// Completes the step with the given result, so that dependent steps run.
    CompleteManually,
}

impl StepOperation {
    fn action(&mut self) -> Result<StepAction, ApiError> {
        let (result, branch, cursors) = (self.result.take(), self.branch.take(), self.cursors.take());
        let misfit = |message: &str| {
            Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message.to_owned()))
        };
        match (self.action, result) {
            (StepActionName::CompleteManually, Some(result)) => {
                Ok(StepAction::CompleteManually(Completion { result, branch, cursors }))
            }
            (StepActionName::CompleteManually, None) => {
                misfit("`result` is missing: it is required to complete the step")
            }
            (_, given) if given.is_some() || branch.is_some() || cursors.is_some() => {
                misfit("`result`, `branch` and `cursors` are only allowed for `complete_manually`")
            }
            (StepActionName::ResetForRetry, _) => Ok(StepAction::ResetForRetry),
            (StepActionName::ResolveManually, _) => Ok(StepAction::ResolveManually),
        }
    }
}

/// Lists the steps of a task, in the order of the template.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps", tag = "steps", params(("task_id" = Uuid, Path)),
    responses((status = 200, body = [StepDetail]), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
) -> Result<Json<Vec<StepDetail>>, ApiError> {
    Ok(Json(orchestrator.reader.steps(task).await?))
}

/// Returns a step, by name or number.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}", tag = "steps",
    params(("task_id" = Uuid, Path), ("step" = String, Path)),
    responses((status = 200, body = StepDetail), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    Path((task, step)): Path<(Uuid, String)>,
) -> Result<Json<StepDetail>, ApiError> {
    Ok(Json(orchestrator.reader.step(task, &step).await?))
}

/// Lists all state changes of a step, in order.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}/audit", tag = "steps",
    params(("task_id" = Uuid, Path), ("step" = String, Path)),
    responses((status = 200, body = [Transition]), (status = 404, body = ErrorBody)))]
pub(crate) async fn audit(
    State(orchestrator): State<Orchestrator>,
    Path((task, step)): Path<(Uuid, String)>,
) -> Result<Json<Vec<Transition>>, ApiError> {
    let step = orchestrator.reader.step(task, &step).await?;
    Ok(Json(orchestrator.reader.transitions(task, Some(step.step_index)).await?))
}

/// Lists the finished runs of a step with resource usage, logs and failures.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}/attempts", tag = "steps",
    params(("task_id" = Uuid, Path), ("step" = String, Path)),
    responses((status = 200, body = [AttemptRecord]), (status = 404, body = ErrorBody)))]
pub(crate) async fn attempts(
    State(orchestrator): State<Orchestrator>,
    Path((task, step)): Path<(Uuid, String)>,
) -> Result<Json<Vec<AttemptRecord>>, ApiError> {
    let step = orchestrator.reader.step(task, &step).await?;
    Ok(Json(orchestrator.reader.attempts(task, step.step_index).await?))
}

/// Changes a step manually: `action` is `reset_for_retry`, `resolve_manually`, or `complete_manually` (with
/// `result`; for a decision also `branch`, for a batchable step also `cursors`). Updates the task
/// immediately.
#[utoipa::path(patch, path = "/v1/tasks/{task_id}/workflow_steps/{step}", tag = "steps",
    params(("task_id" = Uuid, Path), ("step" = String, Path)), request_body = Object,
    responses((status = 200, body = OperatedTask), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "The state of the step does not allow the operation."),
    (status = 422, body = ErrorBody, description = "The result does not match the step's result_schema.")))]
pub(crate) async fn operate(
    State(orchestrator): State<Orchestrator>,
    Path((task, step)): Path<(Uuid, String)>,
    Body(mut operation): Body<StepOperation>,
) -> Result<Json<OperatedTask>, ApiError> {
    let action = operation.action()?;
    let StepOperation { actor, reason, .. } = operation;
    let status = orchestrator.engine.operate_on_step(task, &step, action, &actor, &reason).await?;
    Ok(Json(OperatedTask { task_id: task, status }))
}
