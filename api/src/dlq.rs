//! Dead letters: tasks that need attention.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Error, Orchestrator, Resolution,
    read::{DlqEntry, DlqFilter, DlqStatistics, Investigation, Staleness},
};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    error::{ApiError, ErrorBody},
    extract::{Body, Path, Query},
    tasks::anybody,
};

/// The maximum page size.
const MAX_LIMIT: u32 = 1000;
/// The resolutions of an entry.
const STATUSES: [&str; 4] = ["pending", "manually_resolved", "permanently_failed", "cancelled"];

/// Filters and page of a list of entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// Only entries with this resolution: `pending`, `manually_resolved`, `permanently_failed`, `cancelled`.
    resolution_status: Option<String>,
    /// The number of entries, at most 1000.
    limit: Option<u32>,
    /// The last entry of the list before: returns those that follow it.
    after: Option<Uuid>,
}

/// The size of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Limit {
    /// The number of entries, at most 1000.
    limit: Option<u32>,
}

impl Limit {
    fn get(&self) -> u32 {
        self.limit.unwrap_or(100).min(MAX_LIMIT)
    }
}

/// The new resolution of an entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DlqUpdate {
    /// The resolution.
    pub resolution_status: Resolution,
    /// Who resolved it.
    #[serde(default = "anybody")]
    pub resolved_by: String,
    /// Notes.
    #[serde(default)]
    pub resolution_notes: Option<String>,
}

/// A request to put a task into the DLQ.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DlqAddition {
    /// Who requests it.
    #[serde(default = "anybody")]
    pub actor: String,
    /// The reason.
    #[serde(default)]
    pub note: Option<String>,
}

/// Lists entries, newest first.
#[utoipa::path(get, path = "/v1/dlq", tag = "dlq", params(ListParameters), responses((status = 200, body = [DlqEntry])))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    Query(parameters): Query<ListParameters>,
) -> Result<Json<Vec<DlqEntry>>, ApiError> {
    let limit = parameters.limit.unwrap_or(100).min(MAX_LIMIT);
    if let Some(status) = parameters.resolution_status.as_deref().filter(|status| !STATUSES.contains(status))
    {
        let message = format!("`resolution_status` is `{status}`; it must be one of {}", STATUSES.join(", "));
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message));
    }
    let filter = DlqFilter { resolution_status: parameters.resolution_status, ..DlqFilter::default() };
    Ok(Json(orchestrator.reader.dlq_entries(&filter, limit, parameters.after).await?))
}

/// Lists the entries of one task, newest first.
#[utoipa::path(get, path = "/v1/dlq/task/{task_id}", tag = "dlq", params(("task_id" = Uuid, Path)),
    responses((status = 200, body = [DlqEntry])))]
pub(crate) async fn of_task(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
) -> Result<Json<Vec<DlqEntry>>, ApiError> {
    let filter = DlqFilter { task_id: Some(task), ..DlqFilter::default() };
    Ok(Json(orchestrator.reader.dlq_entries(&filter, MAX_LIMIT, None).await?))
}

/// Puts a task into the DLQ.
#[utoipa::path(post, path = "/v1/dlq/task/{task_id}", tag = "dlq", params(("task_id" = Uuid, Path)), request_body = Object,
    responses((status = 201, body = DlqEntry), (status = 404, body = ErrorBody)))]
pub(crate) async fn add(
    State(orchestrator): State<Orchestrator>,
    Path(task): Path<Uuid>,
    Body(addition): Body<DlqAddition>,
) -> Result<(StatusCode, Json<DlqEntry>), ApiError> {
    let entry = orchestrator.engine.add_to_dlq(task, &addition.actor, addition.note.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(entry)))
}

/// Returns an entry.
#[utoipa::path(get, path = "/v1/dlq/entry/{dlq_entry_id}", tag = "dlq", params(("dlq_entry_id" = Uuid, Path)),
    responses((status = 200, body = DlqEntry), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    Path(entry): Path<Uuid>,
) -> Result<Json<DlqEntry>, ApiError> {
    let filter = DlqFilter { dlq_entry_id: Some(entry), ..DlqFilter::default() };
    let found = orchestrator.reader.dlq_entries(&filter, 1, None).await?.pop();
    found.map(Json).ok_or_else(|| Error::NoSuchDlqEntry(entry).into())
}

/// Updates an entry: `pending` (with notes), `manually_resolved`, `permanently_failed`, `cancelled`, or
/// `requeue`, which retries the failed work.
#[utoipa::path(patch, path = "/v1/dlq/entry/{dlq_entry_id}", tag = "dlq", params(("dlq_entry_id" = Uuid, Path)),
    request_body = Object, responses((status = 200, body = DlqEntry), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "It is already resolved, or there is nothing to retry.")))]
pub(crate) async fn update(
    State(orchestrator): State<Orchestrator>,
    Path(entry): Path<Uuid>,
    Body(update): Body<DlqUpdate>,
) -> Result<Json<DlqEntry>, ApiError> {
    let DlqUpdate { resolution_status, resolved_by, resolution_notes } = update;
    let done = orchestrator.engine.update_dlq_entry(
        entry,
        resolution_status,
        &resolved_by,
        resolution_notes.as_deref(),
    );
    Ok(Json(done.await?))
}

/// Counts entries by reason.
#[utoipa::path(get, path = "/v1/dlq/stats", tag = "dlq", responses((status = 200, body = [DlqStatistics])))]
pub(crate) async fn statistics(
    State(orchestrator): State<Orchestrator>,
) -> Result<Json<Vec<DlqStatistics>>, ApiError> {
    Ok(Json(orchestrator.reader.dlq_statistics().await?))
}

/// Lists pending entries, most urgent first.
#[utoipa::path(get, path = "/v1/dlq/investigation-queue", tag = "dlq", params(Limit),
    responses((status = 200, body = [Investigation])))]
pub(crate) async fn investigation_queue(
    State(orchestrator): State<Orchestrator>,
    Query(limit): Query<Limit>,
) -> Result<Json<Vec<Investigation>>, ApiError> {
    Ok(Json(orchestrator.reader.investigation_queue(limit.get()).await?))
}

/// Lists tasks that have not ended, by the time since their last change.
#[utoipa::path(get, path = "/v1/dlq/staleness", tag = "dlq", params(Limit), responses((status = 200, body = [Staleness])))]
pub(crate) async fn staleness(
    State(orchestrator): State<Orchestrator>,
    Query(limit): Query<Limit>,
) -> Result<Json<Vec<Staleness>>, ApiError> {
    Ok(Json(orchestrator.reader.staleness(limit.get()).await?))
}
