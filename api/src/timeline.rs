//! The timeline of a task.

use axum::extract::State;
use tasker_orchestrator::{Orchestrator, read::TimelineEntry};
use uuid::Uuid;

use crate::{
    access::Within,
    extract::Path,
    page::{List, NoFilters, Page, PageParameters},
    problem::{ApiError, Problem},
};

/// Lists the runs of a task's steps with their times, in the order of their ends, then those that have not ended.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/timeline", tag = "tasks", operation_id = "list_timeline",
    params(("task_id" = Uuid, Path), PageParameters),
    responses((status = 200, body = Page<TimelineEntry>), (status = 404, body = Problem)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    list: List<NoFilters>,
) -> Result<Page<TimelineEntry>, ApiError> {
    within.check_task(&orchestrator, task).await?;
    orchestrator.reader.task_state(task).await?;
    let entries = orchestrator.reader.timeline(task, list.slice()?).await?;
    Ok(list.page(entries, TimelineEntry::key))
}
