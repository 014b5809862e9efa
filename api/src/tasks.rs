//! Tasks.

use std::time::{Duration, Instant};

use axum::{
    Extension, Json,
    extract::{RawQuery, State},
};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Cancellation, Orchestrator, TaskAction,
    access::Permission,
    read::{CountBy, TaskCount, TaskDetail, TaskOverview, TaskSummary, Transition},
    state::TaskState,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::Within,
    extract::{Body, Path, Query, parse_query},
    filters::{Filters, no_such_state},
    page::{List, NoFilters, Page, PageParameters},
    problem::{ApiError, Code, Problem},
};

/// The longest time that one request waits for a task.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How often a waiting request polls, because another process may have finished the task.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// When a request that waits must be answered, if the process around the router ends it: an extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct AnswerBy(pub Instant);

/// A cancelled task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CancelledTask {
    /// The task.
    pub task_id: Uuid,
    /// The number of steps that were cancelled with it.
    pub cancelled_steps: u32,
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

/// Lists tasks, newest first.
#[utoipa::path(get, path = "/v1/tasks", tag = "tasks", operation_id = "list_tasks", params(Filters, PageParameters), responses(
    (status = 200, body = Page<TaskSummary>), (status = 422, body = Problem)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<Filters>,
) -> Result<Page<TaskSummary>, ApiError> {
    let tasks = orchestrator.reader.tasks(&list.filters.read(within.scope)?, list.slice()?).await?;
    Ok(list.page(tasks, |task| task.task_id))
}

/// Filters of a count of tasks, and what they are counted by.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CountParameters {
    /// What to count by: `state`, `namespace` or `template`.
    #[param(inline)]
    by: Option<CountBy>,
}

/// Counts the newest 10,000 tasks that match the filters of the list.
#[utoipa::path(get, path = "/v1/tasks/count", tag = "tasks", operation_id = "count_tasks", params(Filters, CountParameters), responses(
    (status = 200, body = TaskCount), (status = 422, body = Problem)))]
pub(crate) async fn count(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    RawQuery(query): RawQuery,
) -> Result<Json<TaskCount>, ApiError> {
    let query = query.unwrap_or_default();
    // The list's filters refuse what they do not know.
    let (of_count, of_list): (Vec<_>, Vec<_>) =
        query.split('&').partition(|parameter| parameter.split('=').next() == Some("by"));
    let CountParameters { by } = parse_query(&of_count.join("&"))?;
    let filters: Filters = parse_query(&of_list.join("&"))?;
    Ok(Json(orchestrator.reader.count_tasks(&filters.read(within.scope)?, by).await?))
}

/// Returns a task, immediately or when it is at rest.
#[utoipa::path(get, path = "/v1/tasks/{task_id}", tag = "tasks", operation_id = "get_task", params(("task_id" = Uuid, Path), ShowParameters),
    responses((status = 200, body = TaskDetail), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    Query(parameters): Query<ShowParameters>,
    answer_by: Option<Extension<AnswerBy>>,
) -> Result<Json<TaskDetail>, ApiError> {
    let may_read_documents = within.check_task(&orchestrator, task).await?;
    if let Some(seconds) = parameters.wait_seconds {
        let left = answer_by
            .map_or(MAX_WAIT, |Extension(AnswerBy(until))| until.saturating_duration_since(Instant::now()));
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(MAX_WAIT).min(MAX_WAIT).min(left);
        wait_for(&orchestrator, task, wait).await?;
    }
    if may_read_documents {
        return Ok(Json(orchestrator.reader.task(task).await?));
    }
    let mut detail = orchestrator.reader.task_without_input(task).await?;
    detail.withhold();
    Ok(Json(detail))
}

/// Returns a task with its steps as its template names them, and how they stand: without documents.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/summary", tag = "tasks", operation_id = "get_task_summary", params(("task_id" = Uuid, Path)),
    responses((status = 200, body = TaskOverview), (status = 404, body = Problem)))]
pub(crate) async fn overview(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
) -> Result<Json<TaskOverview>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    let mut overview = orchestrator.reader.overview(task).await?;
    let may_read_dlq = within.caller.scope(Permission::DlqRead);
    if !may_read_dlq.is_some_and(|scope| scope.contains(&overview.task.summary.namespace)) {
        overview.withhold_dlq();
    }
    Ok(Json(overview))
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
#[utoipa::path(delete, path = "/v1/tasks/{task_id}", tag = "tasks", operation_id = "cancel_task", params(("task_id" = Uuid, Path), CancelParameters),
    responses((status = 200, body = CancelledTask), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "The task has already ended.")))]
pub(crate) async fn cancel(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    Query(parameters): Query<CancelParameters>,
) -> Result<Json<CancelledTask>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    within.note(parameters.reason.as_deref(), parameters.actor.as_deref());
    let actor = within.caller.actor(parameters.actor.as_deref());
    match orchestrator.engine.cancel(task, &actor, parameters.reason.as_deref()).await? {
        Cancellation::Cancelled { steps } => {
            Ok(Json(CancelledTask { task_id: task, cancelled_steps: steps }))
        }
        Cancellation::AlreadyEnded(state) => {
            Err(ApiError::new(Code::AlreadyEnded, format!("task {task} cannot be cancelled: it is {state}")))
        }
    }
}

/// An operation on a task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskOperation {
    /// The operation.
    #[serde(flatten)]
    pub action: TaskAction,
    /// Who requests it. The audit names it beside the API key that the request came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The reason.
    #[serde(default)]
    pub reason: Option<String>,
    /// The state that the task must be in; otherwise nothing changes, and the status is 412.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_state: Option<String>,
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
/// `step`), `upgrade` (to `version`), `set_tags` (to `tags`), or `set_priority` (to `priority`).
#[utoipa::path(patch, path = "/v1/tasks/{task_id}", tag = "tasks", operation_id = "operate_on_task", params(("task_id" = Uuid, Path)), request_body = TaskOperation,
    responses((status = 200, body = OperatedTask), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "The state of the task does not allow the operation."),
    (status = 412, body = Problem, description = "The task is not in the expected state, or has changed since `If-Match`.")))]
pub(crate) async fn operate(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    Body(operation): Body<TaskOperation>,
) -> Result<Json<OperatedTask>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    let TaskOperation { action, actor, reason, expected_state } = operation;
    let expected = expected_state.map(|name| TaskState::from_name(&name).ok_or_else(|| no_such_state(&name)));
    let expected = expected.transpose()?;
    within.note(reason.as_deref(), actor.as_deref());
    let actor = within.caller.actor(actor.as_deref());
    let (engine, reason) = (&orchestrator.engine, reason.as_deref());
    let status = match expected {
        None => engine.operate_on_task(task, &action, &actor, reason).await?,
        Some(expected) => engine.operate_on_task_in(expected, task, &action, &actor, reason).await?,
    };
    Ok(Json(OperatedTask { task_id: task, status }))
}

/// Lists the state changes of a task and its steps, in order.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/audit", tag = "tasks", operation_id = "list_task_audit", params(("task_id" = Uuid, Path), PageParameters),
    responses((status = 200, body = Page<Transition>), (status = 404, body = Problem)))]
pub(crate) async fn audit(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    list: List<NoFilters>,
) -> Result<Page<Transition>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    // A task without transitions does not exist.
    orchestrator.reader.task_state(task).await?;
    let transitions = orchestrator.reader.transitions(task, None, list.slice()?).await?;
    Ok(list.page(transitions, Transition::key))
}
