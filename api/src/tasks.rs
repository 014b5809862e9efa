//! Tasks.

use std::time::{Duration, Instant};

use axum::{Extension, Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Cancellation, Creation, Orchestrator, TaskAction, TaskRequest,
    read::{TaskDetail, TaskFilter, TaskSummary, Transition},
    state::TaskState,
};
use tasker_templates::canonical;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{ApiError, ErrorBody},
    extract::{Body, Path, Query},
};

/// The longest time that one request waits for a task.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How often a waiting request polls, because another process may have finished the task.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The maximum page size.
const MAX_PER_PAGE: u32 = 1000;

/// When a request that waits must be answered, if the process around the router ends it: an extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct AnswerBy(pub Instant);

/// A created task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedTask {
    /// The task, a UUIDv7.
    pub task_id: Uuid,
}

/// A page of a list of tasks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskPage {
    /// The tasks, newest first.
    pub tasks: Vec<TaskSummary>,
    /// Whether more tasks follow: those `after` the last one.
    pub has_more: bool,
}

/// A cancelled task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CancelledTask {
    /// The task.
    pub task_id: Uuid,
    /// The number of steps that were cancelled with it.
    pub cancelled_steps: u32,
}

/// Filters and page of a list of tasks.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// The last task of the page before: returns those that follow it.
    after: Option<Uuid>,
    /// The number of tasks, at most 1000.
    per_page: Option<u32>,
    /// Only tasks of this namespace.
    namespace: Option<String>,
    /// Only tasks of this template.
    name: Option<String>,
    /// Only tasks in this state.
    status: Option<String>,
    /// Only tasks of this initiator.
    initiator: Option<String>,
    /// Only tasks of this source system.
    source_system: Option<String>,
}

/// Options for reading a task.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowParameters {
    /// Wait until the task is at rest (ended, or blocked by failures), but at most this many seconds, up to
    /// 60. In a Lambda function less, because it must answer before its timeout: repeat the request.
    wait_seconds: Option<f64>,
}

/// The actor and reason of a cancellation.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CancelParameters {
    /// Who cancels the task.
    actor: Option<String>,
    /// The reason.
    reason: Option<String>,
}

/// Creates a task.
#[utoipa::path(post, path = "/v1/tasks", tag = "tasks", request_body = Object, responses(
    (status = 201, body = CreatedTask), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "The same request, or another one with the same idempotency key, has already created a task. The error contains its id."),
    (status = 422, body = ErrorBody, description = "The input does not match the template's input_schema.")))]
pub(crate) async fn create(
    State(orchestrator): State<Orchestrator>,
    Body(request): Body<TaskRequest>,
) -> Result<(StatusCode, Json<CreatedTask>), ApiError> {
    let given = request.idempotency_key.is_some().then(|| request.context.clone());
    match orchestrator.create_task(request).await? {
        Creation::Created(task_id) => Ok((StatusCode::CREATED, Json(CreatedTask { task_id }))),
        Creation::Duplicate(task) => match given {
            Some(given) if !has_input(&orchestrator, task, given.get()).await? => {
                Err(ApiError::key_reused(task))
            }
            _ => Err(ApiError::duplicate(task)),
        },
    }
}

/// Whether a task has this input, however it is written.
async fn has_input(orchestrator: &Orchestrator, task: Uuid, input: &str) -> Result<bool, ApiError> {
    let there = orchestrator.reader.task(task).await?;
    Ok(matches!((canonical(there.context.get()), canonical(input)), (Ok(there), Ok(given)) if there == given))
}

/// Lists tasks, newest first.
#[utoipa::path(get, path = "/v1/tasks", tag = "tasks", params(ListParameters), responses(
    (status = 200, body = TaskPage), (status = 400, body = ErrorBody)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    Query(parameters): Query<ListParameters>,
) -> Result<Json<TaskPage>, ApiError> {
    let status = match &parameters.status {
        Some(name) => Some(TaskState::from_name(name).ok_or_else(|| no_such_state(name))?),
        None => None,
    };
    let per_page = parameters.per_page.unwrap_or(25).clamp(1, MAX_PER_PAGE);
    let filter = TaskFilter {
        namespace: parameters.namespace,
        name: parameters.name,
        status,
        initiator: parameters.initiator,
        source_system: parameters.source_system,
    };
    let (tasks, has_more) = orchestrator.reader.list_tasks(&filter, per_page, parameters.after).await?;
    Ok(Json(TaskPage { tasks, has_more }))
}

fn no_such_state(name: &str) -> ApiError {
    let known: Vec<&str> = TaskState::ALL.iter().map(|state| state.as_str()).collect();
    let message = format!("`status` is `{name}`; it must be one of {}", known.join(", "));
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message)
}

/// Returns a task, immediately or when it is at rest.
#[utoipa::path(get, path = "/v1/tasks/{task_id}", tag = "tasks", params(("task_id" = Uuid, Path), ShowParameters),
    responses((status = 200, body = TaskDetail), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
    Query(parameters): Query<ShowParameters>,
    answer_by: Option<Extension<AnswerBy>>,
) -> Result<Json<TaskDetail>, ApiError> {
    if let Some(seconds) = parameters.wait_seconds {
        let left = answer_by
            .map_or(MAX_WAIT, |Extension(AnswerBy(until))| until.saturating_duration_since(Instant::now()));
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(MAX_WAIT).min(MAX_WAIT).min(left);
        wait_for(&orchestrator, task, wait).await?;
    }
    Ok(Json(orchestrator.reader.task(task).await?))
}

/// Returns when the task is at rest or the time is over.
async fn wait_for(orchestrator: &Orchestrator, task: Uuid, wait: Duration) -> Result<(), ApiError> {
    // Subscribe before the first check, so that no change is missed.
    let mut at_rest = orchestrator.engine.tasks_at_rest();
    let until = tokio::time::Instant::now() + wait;
    while !orchestrator.reader.task_state(task).await?.is_at_rest() {
        let heard = async {
            // An error means that announcements were missed or have ended: check again.
            while let Ok((other, _)) = at_rest.recv().await {
                if other == task {
                    break;
                }
            }
        };
        let look_again = tokio::time::Instant::now() + LOOK_AGAIN;
        let _ = tokio::time::timeout_at(look_again.min(until), heard).await;
        if tokio::time::Instant::now() >= until {
            break;
        }
    }
    Ok(())
}

/// Cancels a task.
#[utoipa::path(delete, path = "/v1/tasks/{task_id}", tag = "tasks", params(("task_id" = Uuid, Path), CancelParameters),
    responses((status = 200, body = CancelledTask), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "The task has already ended.")))]
pub(crate) async fn cancel(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
    Query(parameters): Query<CancelParameters>,
) -> Result<Json<CancelledTask>, ApiError> {
    let actor = parameters.actor.as_deref().unwrap_or("api");
    match orchestrator.engine.cancel(task, actor, parameters.reason.as_deref()).await? {
        Cancellation::Cancelled { steps } => {
            Ok(Json(CancelledTask { task_id: task, cancelled_steps: steps }))
        }
        Cancellation::AlreadyEnded(state) => Err(ApiError::new(
            StatusCode::CONFLICT,
            "already_ended",
            format!("task {task} cannot be cancelled: it is {state}"),
        )),
    }
}

/// An operation on a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskOperation {
    /// The operation.
    #[serde(flatten)]
    pub action: TaskAction,
    /// Who requests it.
    #[serde(default = "anybody")]
    pub actor: String,
    /// The reason.
    #[serde(default)]
    pub reason: Option<String>,
}

pub(crate) fn anybody() -> String {
    "api".to_owned()
}

/// The state of a task after an operation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OperatedTask {
    /// The task.
    pub task_id: Uuid,
    /// The state.
    #[schema(value_type = String)]
    pub status: TaskState,
}

/// Changes a task: `action` is `pause`, `resume`, `redrive`, `give_up`, `resolve_manually`, `rerun` (from
/// `step`) or `upgrade` (to `version`).
#[utoipa::path(patch, path = "/v1/tasks/{task_id}", tag = "tasks", params(("task_id" = Uuid, Path)), request_body = Object,
    responses((status = 200, body = OperatedTask), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "The state of the task does not allow the operation.")))]
pub(crate) async fn operate(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
    Body(operation): Body<TaskOperation>,
) -> Result<Json<OperatedTask>, ApiError> {
    let TaskOperation { action, actor, reason } = operation;
    let status = orchestrator.engine.operate_on_task(task, &action, &actor, reason.as_deref()).await?;
    Ok(Json(OperatedTask { task_id: task, status }))
}

/// Lists all state changes of a task and its steps, in order.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/audit", tag = "tasks", params(("task_id" = Uuid, Path)),
    responses((status = 200, body = [Transition])))]
pub(crate) async fn audit(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
) -> Result<Json<Vec<Transition>>, ApiError> {
    Ok(Json(orchestrator.reader.transitions(task, None).await?))
}
