//! The steps of a task.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tasker_orchestrator::{
    Completion, Orchestrator, StepAction,
    read::{AttemptRecord, StepDetail, StepFilter, Transition},
    state::StepState,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::Within,
    extract::{Body, Path},
    page::{List, NoFilters, Page, PageParameters, WITH_DOCUMENTS},
    problem::{ApiError, Code, Problem},
    tasks::OperatedTask,
};

/// An operation on a step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepOperation {
    /// The operation.
    pub action: StepActionName,
    /// Who requests it. The audit names it beside the API key that the request came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The reason.
    pub reason: String,
    /// For `complete_manually`: the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub result: Option<Box<RawValue>>,
    /// For `complete_manually` of a decision: the names of the steps to run next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Vec<String>>,
    /// For `complete_manually` of a batchable step: one cursor per worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Value>>)]
    pub cursors: Option<Vec<Box<RawValue>>>,
}

/// The operations on steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
        let misfit = |message: &str| Err(ApiError::new(Code::InvalidRequest, message.to_owned()));
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

/// Which steps of a task to list.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StepFilters {
    /// Only steps in this state. Repeat it for several.
    #[serde(default)]
    state: Vec<String>,
    /// Only steps that are made from this step of the template: all workers of a batch.
    template_step: Option<String>,
    /// Only steps that have failed for good (`true`): those in the state `error`.
    failed: Option<bool>,
    /// `full`, the default, or `summary`: without results, cursors and checkpoints, in pages of up to 1000.
    #[param(inline)]
    fields: Option<Fields>,
}

/// How much of each step to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fields {
    Full,
    Summary,
}

impl StepFilters {
    fn read(&self) -> Result<StepFilter, ApiError> {
        let mut states = Vec::new();
        for name in &self.state {
            states.push(StepState::from_name(name).ok_or_else(|| no_such_state(name))?);
        }
        if self.failed == Some(true) {
            if !states.is_empty() {
                let message = "`failed` and `state` exclude each other: give one of them";
                return Err(ApiError::new(Code::InvalidRequest, message.to_owned()));
            }
            states.push(StepState::Error);
        }
        let template_step = self.template_step.clone();
        Ok(StepFilter { states, template_step, without_documents: self.fields == Some(Fields::Summary) })
    }
}

fn no_such_state(name: &str) -> ApiError {
    let known: Vec<&str> = StepState::ALL.iter().map(|state| state.as_str()).collect();
    let message = format!("`state` is `{name}`; it must be one of {}", known.join(", "));
    ApiError::new(Code::InvalidRequest, message)
}

/// Lists the steps of a task, in the order of the template.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps", tag = "steps", operation_id = "list_steps",
    params(("task_id" = Uuid, Path), StepFilters, PageParameters),
    responses((status = 200, body = Page<StepDetail>), (status = 404, body = Problem)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    list: List<StepFilters>,
) -> Result<Page<StepDetail>, ApiError> {
    let filter = list.filters.read()?;
    let list = if filter.without_documents { list } else { list.at_most(WITH_DOCUMENTS)? };
    let may_read_documents = within.check_task(&orchestrator, task).await?;
    let mut steps = orchestrator.reader.steps_that(task, &filter, list.slice()?).await?;
    if !may_read_documents {
        steps.iter_mut().for_each(StepDetail::withhold);
    }
    Ok(list.page(steps, |step| step.step_index))
}

/// Returns a step, by name or number.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}", tag = "steps", operation_id = "get_step",
    params(("task_id" = Uuid, Path), ("step" = String, Path)),
    responses((status = 200, body = StepDetail), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((task, step)): Path<(Uuid, String)>,
) -> Result<Json<StepDetail>, ApiError> {
    let may_read_documents = within.check_task(&orchestrator, task).await?;
    let mut detail = orchestrator.reader.step(task, &step).await?;
    if !may_read_documents {
        detail.withhold();
    }
    Ok(Json(detail))
}

/// Lists the state changes of a step, in order.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}/audit", tag = "steps", operation_id = "list_step_audit",
    params(("task_id" = Uuid, Path), ("step" = String, Path), PageParameters),
    responses((status = 200, body = Page<Transition>), (status = 404, body = Problem)))]
pub(crate) async fn audit(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((task, step)): Path<(Uuid, String)>,
    list: List<NoFilters>,
) -> Result<Page<Transition>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    let step = orchestrator.reader.step_index(task, &step).await?;
    let transitions = orchestrator.reader.transitions(task, Some(step), list.slice()?).await?;
    Ok(list.page(transitions, Transition::key))
}

/// Lists the finished runs of a step with resource usage, logs and failures.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}/attempts", tag = "steps", operation_id = "list_attempts",
    params(("task_id" = Uuid, Path), ("step" = String, Path), PageParameters),
    responses((status = 200, body = Page<AttemptRecord>), (status = 404, body = Problem)))]
pub(crate) async fn attempts(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((task, step)): Path<(Uuid, String)>,
    list: List<NoFilters>,
) -> Result<Page<AttemptRecord>, ApiError> {
    let list = list.at_most(WITH_DOCUMENTS)?;
    let may_read_documents = within.check_task(&orchestrator, task).await?;
    let step = orchestrator.reader.step_index(task, &step).await?;
    let mut attempts = orchestrator.reader.attempts(task, step, list.slice()?).await?;
    if !may_read_documents {
        attempts.iter_mut().for_each(AttemptRecord::withhold);
    }
    Ok(list.page(attempts, |attempt| attempt.audit_id))
}

/// Returns the finished run of a step with this attempt. An operator's reset counts attempts anew; then this is the last one.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}/attempts/{attempt}", tag = "steps", operation_id = "get_attempt",
    params(("task_id" = Uuid, Path), ("step" = String, Path), ("attempt" = u32, Path)),
    responses((status = 200, body = AttemptRecord), (status = 404, body = Problem)))]
pub(crate) async fn attempt(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((task, step, attempt)): Path<(Uuid, String, u32)>,
) -> Result<Json<AttemptRecord>, ApiError> {
    let may_read_documents = within.check_task(&orchestrator, task).await?;
    let step = orchestrator.reader.step_index(task, &step).await?;
    let mut record = orchestrator.reader.attempt(task, step, attempt).await?;
    if !may_read_documents {
        record.withhold();
    }
    Ok(Json(record))
}

/// Changes a step manually: `action` is `reset_for_retry`, `resolve_manually`, or `complete_manually` (with
/// `result`; for a decision also `branch`, for a batchable step also `cursors`). Updates the task
/// immediately.
#[utoipa::path(patch, path = "/v1/tasks/{task_id}/workflow_steps/{step}", tag = "steps", operation_id = "operate_on_step",
    params(("task_id" = Uuid, Path), ("step" = String, Path)), request_body = StepOperation,
    responses((status = 200, body = OperatedTask), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "The state of the step does not allow the operation."),
    (status = 422, body = Problem, description = "The result does not match the step's result_schema.")))]
pub(crate) async fn operate(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((task, step)): Path<(Uuid, String)>,
    Body(mut operation): Body<StepOperation>,
) -> Result<Json<OperatedTask>, ApiError> {
    let action = operation.action()?;
    within.check_task(&orchestrator, task).await?;
    let StepOperation { actor, reason, .. } = operation;
    within.note(Some(&reason), actor.as_deref());
    let actor = within.caller.actor(actor.as_deref());
    let status = orchestrator.engine.operate_on_step(task, &step, action, &actor, &reason).await?;
    Ok(Json(OperatedTask { task_id: task, status }))
}
