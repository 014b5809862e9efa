//! Tasks and their steps.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Cancellation, Creation, Orchestrator, TaskAction, TaskRequest,
    read::{TaskDetail, TaskFilter, TaskSummary, Transition},
    state::TaskState,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{ApiError, ErrorBody},
    extract::{Body, Path, Query},
};

/// The longest that one request waits for a task.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How often a waiting request looks itself, in case the task came to rest in another process.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The longest page.
const MAX_PER_PAGE: u32 = 1000;

/// A task that was created.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedTask {
    /// The task, a UUIDv7.
    pub task_id: Uuid,
}

/// A page of tasks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskPage {
    /// The tasks, the newest first.
    pub tasks: Vec<TaskSummary>,
    /// The page, from 1.
    pub page: u32,
    /// How many tasks a page has at most.
    pub per_page: u32,
    /// Whether another page follows.
    pub has_more: bool,
}

/// A cancelled task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CancelledTask {
    /// The task.
    pub task_id: Uuid,
    /// How many of its steps were cancelled with it.
    pub cancelled_steps: u32,
}

/// Which tasks to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// The page, from 1.
    page: Option<u32>,
    /// How many tasks, at most 1000.
    per_page: Option<u32>,
    /// Only of this namespace.
    namespace: Option<String>,
    /// Only of this template name.
    name: Option<String>,
    /// Only in this state.
    status: Option<String>,
    /// Only asked for by this one.
    initiator: Option<String>,
    /// Only from there.
    source_system: Option<String>,
}

/// How to show a task.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowParameters {
    /// Answer only when the task is at rest (ended, or blocked by failures), or after this many seconds, at most 60.
    wait_seconds: Option<f64>,
}

/// Why to cancel a task.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CancelParameters {
    /// Who cancels it.
    actor: Option<String>,
    /// Why.
    reason: Option<String>,
}

/// Creates a task.
#[utoipa::path(post, path = "/v1/tasks", tag = "tasks", request_body = Object, responses(
    (status = 201, body = CreatedTask), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "The same request has made a task before; its id is in the error."),
    (status = 422, body = ErrorBody, description = "The input does not fit the template's input_schema.")))]
pub(crate) async fn create(
    State(orchestrator): State<Orchestrator>,
    Body(request): Body<TaskRequest>,
) -> Result<(StatusCode, Json<CreatedTask>), ApiError> {
    match orchestrator.create_task(request).await? {
        Creation::Created(task_id) => Ok((StatusCode::CREATED, Json(CreatedTask { task_id }))),
        Creation::Duplicate(task) => Err(ApiError::duplicate(task)),
    }
}

/// Lists tasks, the newest first.
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
    let page = parameters.page.unwrap_or(1).max(1);
    let per_page = parameters.per_page.unwrap_or(25).clamp(1, MAX_PER_PAGE);
    let filter = TaskFilter {
        namespace: parameters.namespace,
        name: parameters.name,
        status,
        initiator: parameters.initiator,
        source_system: parameters.source_system,
    };
    let (tasks, has_more) = orchestrator.list_tasks(&filter, page, per_page).await?;
    Ok(Json(TaskPage { tasks, page, per_page, has_more }))
}

fn no_such_state(name: &str) -> ApiError {
    let known: Vec<&str> = TaskState::ALL.iter().map(|state| state.as_str()).collect();
    let message = format!("`status` is `{name}`; it can be {}", known.join(", "));
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message)
}

/// Shows a task, at once or when it is at rest.
#[utoipa::path(get, path = "/v1/tasks/{task_id}", tag = "tasks", params(("task_id" = Uuid, Path), ShowParameters),
    responses((status = 200, body = TaskDetail), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
    Query(parameters): Query<ShowParameters>,
) -> Result<Json<TaskDetail>, ApiError> {
    if let Some(seconds) = parameters.wait_seconds {
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(MAX_WAIT).min(MAX_WAIT);
        wait_for(&orchestrator, task, wait).await?;
    }
    Ok(Json(orchestrator.task(task).await?))
}

/// Returns when the task is at rest, or when the time is over.
async fn wait_for(orchestrator: &Orchestrator, task: Uuid, wait: Duration) -> Result<(), ApiError> {
    // Listening before looking: what happens in between is heard.
    let mut at_rest = orchestrator.tasks_at_rest();
    let until = tokio::time::Instant::now() + wait;
    while !orchestrator.task_state(task).await?.is_at_rest() {
        let heard = async {
            // An error means that some announcements were missed, or that there will be none: look again.
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
    match orchestrator.cancel(task, actor, parameters.reason.as_deref()).await? {
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

/// What to do to a task, who does it, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskOperation {
    /// What.
    #[serde(flatten)]
    pub action: TaskAction,
    /// Who.
    #[serde(default = "anybody")]
    pub actor: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

pub(crate) fn anybody() -> String {
    "api".to_owned()
}

/// Where a task stands after an operation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OperatedTask {
    /// The task.
    pub task_id: Uuid,
    /// Where it stands.
    #[schema(value_type = String)]
    pub status: TaskState,
}

/// Pauses a task, resumes it, drives it again, gives it up, declares it done, runs it again from a step, or moves it to
/// another version: `action` is `pause`, `resume`, `redrive`, `give_up`, `resolve_manually`, `rerun` (with `step`) or
/// `upgrade` (with `version`).
#[utoipa::path(patch, path = "/v1/tasks/{task_id}", tag = "tasks", params(("task_id" = Uuid, Path)), request_body = Object,
    responses((status = 200, body = OperatedTask), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "It cannot be done as the task stands.")))]
pub(crate) async fn operate(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
    Body(operation): Body<TaskOperation>,
) -> Result<Json<OperatedTask>, ApiError> {
    let TaskOperation { action, actor, reason } = operation;
    let status = orchestrator.operate_on_task(task, &action, &actor, reason.as_deref()).await?;
    Ok(Json(OperatedTask { task_id: task, status }))
}

/// Lists every change of state of a task and its steps, in order.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/audit", tag = "tasks", params(("task_id" = Uuid, Path)),
    responses((status = 200, body = [Transition])))]
pub(crate) async fn audit(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
) -> Result<Json<Vec<Transition>>, ApiError> {
    Ok(Json(orchestrator.transitions(task, None).await?))
}
