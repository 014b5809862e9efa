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

/// What to do to a step, who does it, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepOperation {
    /// What.
    pub action: StepActionName,
    /// Who.
    #[serde(default = "anybody")]
    pub actor: String,
    /// Why.
    pub reason: String,
    /// To complete it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Box<RawValue>>,
    /// To complete a decision with: the names of the steps that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Vec<String>>,
    /// To complete a batchable step with: one cursor for each worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursors: Option<Vec<Box<RawValue>>>,
}

/// What can be done to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepActionName {
    /// Of a step in error: it runs again, its attempts counted anew.
    ResetForRetry,
    /// What depends on it runs, although it has no result.
    ResolveManually,
    /// What depends on it runs, with a result given by hand.
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
                misfit("`result` is missing: what to complete the step with")
            }
            (_, given) if given.is_some() || branch.is_some() || cursors.is_some() => {
                misfit("`result`, `branch` and `cursors` are only for `complete_manually`")
            }
            (StepActionName::ResetForRetry, _) => Ok(StepAction::ResetForRetry),
            (StepActionName::ResolveManually, _) => Ok(StepAction::ResolveManually),
        }
    }
}

/// Lists the steps of a task, in the template's order.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps", tag = "steps", params(("task_id" = Uuid, Path)),
    responses((status = 200, body = [StepDetail]), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
) -> Result<Json<Vec<StepDetail>>, ApiError> {
    Ok(Json(orchestrator.steps(task).await?))
}

/// Shows a step, by its name or its number.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}", tag = "steps",
    params(("task_id" = Uuid, Path), ("step" = String, Path)),
    responses((status = 200, body = StepDetail), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    Path((task, step)): Path<(Uuid, String)>,
) -> Result<Json<StepDetail>, ApiError> {
    Ok(Json(orchestrator.step(task, &step).await?))
}

/// Lists every change of state of a step, in order.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}/audit", tag = "steps",
    params(("task_id" = Uuid, Path), ("step" = String, Path)),
    responses((status = 200, body = [Transition]), (status = 404, body = ErrorBody)))]
pub(crate) async fn audit(
    State(orchestrator): State<Orchestrator>,
    Path((task, step)): Path<(Uuid, String)>,
) -> Result<Json<Vec<Transition>>, ApiError> {
    let step = orchestrator.step(task, &step).await?;
    Ok(Json(orchestrator.transitions(task, Some(step.step_index)).await?))
}

/// Lists the runs of a step that have ended: what each used, what it logged, why it failed.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}/attempts", tag = "steps",
    params(("task_id" = Uuid, Path), ("step" = String, Path)),
    responses((status = 200, body = [AttemptRecord]), (status = 404, body = ErrorBody)))]
pub(crate) async fn attempts(
    State(orchestrator): State<Orchestrator>,
    Path((task, step)): Path<(Uuid, String)>,
) -> Result<Json<Vec<AttemptRecord>>, ApiError> {
    let step = orchestrator.step(task, &step).await?;
    Ok(Json(orchestrator.attempts(task, step.step_index).await?))
}

/// Changes a step by hand: `action` is `reset_for_retry`, `resolve_manually`, or `complete_manually` (with `result`, and
/// of a decision `branch`, of a batchable step `cursors`). The task is worked out anew at once.
#[utoipa::path(patch, path = "/v1/tasks/{task_id}/workflow_steps/{step}", tag = "steps",
    params(("task_id" = Uuid, Path), ("step" = String, Path)), request_body = Object,
    responses((status = 200, body = OperatedTask), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "It cannot be done as the step stands."),
    (status = 422, body = ErrorBody, description = "The result does not fit the step's result_schema.")))]
pub(crate) async fn operate(
    State(orchestrator): State<Orchestrator>,
    Path((task, step)): Path<(Uuid, String)>,
    Body(mut operation): Body<StepOperation>,
) -> Result<Json<OperatedTask>, ApiError> {
    let action = operation.action()?;
    let StepOperation { actor, reason, .. } = operation;
    let status = orchestrator.operate_on_step(task, &step, action, &actor, &reason).await?;
    Ok(Json(OperatedTask { task_id: task, status }))
}
