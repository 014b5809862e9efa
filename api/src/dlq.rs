//! Dead letters: tasks that need attention.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Error, Orchestrator, Resolution, Slice,
    access::{Permission, Scope},
    read::{DlqEntry, DlqFilter, DlqStatistics, Investigation, Staleness},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::Within,
    extract::{Body, Path},
    moment::Moment,
    page::{List, NoFilters, Page, PageParameters, WITH_DOCUMENTS},
    problem::{ApiError, Code, Problem},
};

/// The resolutions of an entry.
const STATUSES: [&str; 4] = ["pending", "manually_resolved", "permanently_failed", "cancelled"];

/// The reasons of an entry.
const REASONS: [&str; 4] = ["staleness_timeout", "max_retries_exceeded", "worker_unavailable", "manual_dlq"];
/// The maximum number of entries that are updated at once.
const MOST_AT_ONCE: usize = 1000;

/// Filters of a list of entries.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// Only entries with this resolution: `pending`, `manually_resolved`, `permanently_failed`, `cancelled`.
    resolution_status: Option<String>,
    /// Only entries of tasks of this namespace.
    namespace: Option<String>,
    /// Only entries of tasks of templates with this name.
    name: Option<String>,
    /// Only entries with this reason: `staleness_timeout`, `max_retries_exceeded`, `worker_unavailable`, `manual_dlq`.
    dlq_reason: Option<String>,
    /// Only entries created at this time or later: RFC 3339, or how long ago (`15m`, `2h`, `7d`).
    #[param(value_type = Option<String>)]
    created_after: Option<Moment>,
    /// Only entries created before this time.
    #[param(value_type = Option<String>)]
    created_before: Option<Moment>,
}

/// A filter of lists with one page.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfNamespace {
    /// Only what is in this namespace.
    namespace: Option<String>,
}

impl OfNamespace {
    /// The part of a scope that is in the namespace.
    fn within(&self, scope: &Scope) -> Scope {
        match &self.namespace {
            Some(namespace) => scope.and(&Scope::Namespaces([namespace.clone()].into())),
            None => scope.clone(),
        }
    }
}

/// The place of an entry in a list.
fn place(entry: &DlqEntry) -> (DateTime<Utc>, Uuid) {
    (entry.created_at, entry.dlq_entry_id)
}

/// The new resolution of an entry.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DlqUpdate {
    /// The resolution.
    pub resolution_status: Resolution,
    /// Who resolved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// Notes.
    #[serde(default)]
    pub resolution_notes: Option<String>,
}

/// A request to put a task into the DLQ.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DlqAddition {
    /// Who requests it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The reason.
    #[serde(default)]
    pub note: Option<String>,
}

/// Removes what the caller may not read.
fn withhold(within: &Within, entry: &mut DlqEntry) {
    if !within.may_read_documents(&entry.namespace) {
        entry.withhold();
    }
}

/// As [`withhold`], for several.
fn readable(within: &Within, mut entries: Vec<DlqEntry>) -> Vec<DlqEntry> {
    for entry in &mut entries {
        withhold(within, entry);
    }
    entries
}

/// Returns an entry in the scope.
async fn find(orchestrator: &Orchestrator, within: &Within, id: Uuid) -> Result<DlqEntry, ApiError> {
    let filter = DlqFilter { scope: within.scope.clone(), dlq_entry_id: Some(id), ..DlqFilter::default() };
    let found = orchestrator.reader.dlq_entries(&filter, Slice::first(1)).await?;
    readable(within, found).pop().ok_or_else(|| Error::NoSuchDlqEntry(id).into())
}

/// Lists entries, newest first.
#[utoipa::path(get, path = "/v1/dlq", tag = "dlq", operation_id = "list_dlq_entries", params(Filters, PageParameters), responses(
    (status = 200, body = Page<DlqEntry>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<Filters>,
) -> Result<Page<DlqEntry>, ApiError> {
    let list = list.at_most(WITH_DOCUMENTS)?;
    let status = list.filters.resolution_status.clone();
    if let Some(status) = status.as_deref().filter(|status| !STATUSES.contains(status)) {
        let message = format!("`resolution_status` is `{status}`; it must be one of {}", STATUSES.join(", "));
        return Err(ApiError::new(Code::InvalidRequest, message));
    }
    let reason = list.filters.dlq_reason.clone();
    if let Some(reason) = reason.as_deref().filter(|reason| !REASONS.contains(reason)) {
        let message = format!("`dlq_reason` is `{reason}`; it must be one of {}", REASONS.join(", "));
        return Err(ApiError::new(Code::InvalidRequest, message));
    }
    let filter = DlqFilter {
        scope: within.scope.clone(),
        resolution_status: status,
        namespace: list.filters.namespace.clone(),
        name: list.filters.name.clone(),
        dlq_reason: reason,
        created_after: list.filters.created_after.map(|moment| moment.0),
        created_before: list.filters.created_before.map(|moment| moment.0),
        ..DlqFilter::default()
    };
    let entries = orchestrator.reader.dlq_entries(&filter, list.slice()?).await?;
    Ok(list.page(readable(&within, entries), place))
}

/// Lists the entries of one task, newest first.
#[utoipa::path(get, path = "/v1/dlq/task/{task_id}", tag = "dlq", operation_id = "list_dlq_entries_of_task", params(("task_id" = Uuid, Path), PageParameters),
    responses((status = 200, body = Page<DlqEntry>)))]
pub(crate) async fn of_task(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    list: List<NoFilters>,
) -> Result<Page<DlqEntry>, ApiError> {
    let list = list.at_most(WITH_DOCUMENTS)?;
    let filter = DlqFilter { scope: within.scope.clone(), task_id: Some(task), ..DlqFilter::default() };
    let entries = orchestrator.reader.dlq_entries(&filter, list.slice()?).await?;
    Ok(list.page(readable(&within, entries), place))
}

/// Puts a task into the DLQ.
#[utoipa::path(post, path = "/v1/dlq/task/{task_id}", tag = "dlq", operation_id = "add_dlq_entry", params(("task_id" = Uuid, Path)), request_body = DlqAddition,
    responses((status = 201, body = DlqEntry), (status = 404, body = Problem)))]
pub(crate) async fn add(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    Body(addition): Body<DlqAddition>,
) -> Result<(StatusCode, Json<DlqEntry>), ApiError> {
    within.check_task(&orchestrator, task).await?;
    within.note(addition.note.as_deref(), addition.actor.as_deref());
    let actor = within.caller.actor(addition.actor.as_deref());
    let mut entry = orchestrator.engine.add_to_dlq(task, &actor, addition.note.as_deref()).await?;
    withhold(&within, &mut entry);
    Ok((StatusCode::CREATED, Json(entry)))
}

/// Returns an entry.
#[utoipa::path(get, path = "/v1/dlq/entry/{dlq_entry_id}", tag = "dlq", operation_id = "get_dlq_entry", params(("dlq_entry_id" = Uuid, Path)),
    responses((status = 200, body = DlqEntry), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(entry): Path<Uuid>,
) -> Result<Json<DlqEntry>, ApiError> {
    find(&orchestrator, &within, entry).await.map(Json)
}

/// Updates an entry: `pending` (with notes), `manually_resolved`, `permanently_failed`, `cancelled`, or
/// `requeue`, which retries the failed work.
#[utoipa::path(patch, path = "/v1/dlq/entry/{dlq_entry_id}", tag = "dlq", operation_id = "update_dlq_entry", params(("dlq_entry_id" = Uuid, Path)),
    request_body = DlqUpdate, responses((status = 200, body = DlqEntry), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "It is already resolved, or there is nothing to retry.")))]
pub(crate) async fn update(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(entry): Path<Uuid>,
    Body(update): Body<DlqUpdate>,
) -> Result<Json<DlqEntry>, ApiError> {
    within.note(update.resolution_notes.as_deref(), update.resolved_by.as_deref());
    change(&orchestrator, &within, entry, &update).await.map(Json)
}

async fn change(
    orchestrator: &Orchestrator,
    within: &Within,
    entry: Uuid,
    DlqUpdate { resolution_status, resolved_by, resolution_notes }: &DlqUpdate,
) -> Result<DlqEntry, ApiError> {
    let namespace = find(orchestrator, within, entry).await?.namespace;
    let may_operate = |scope: &Scope| scope.contains(&namespace);
    if *resolution_status == Resolution::Requeue
        && !within.caller.scope(Permission::TasksOperate).is_some_and(may_operate)
    {
        return Err(Error::Forbidden { permission: Permission::TasksOperate }.into());
    }
    let actor = within.caller.actor(resolved_by.as_deref());
    let notes = resolution_notes.as_deref();
    let mut updated = orchestrator.engine.update_dlq_entry(entry, *resolution_status, &actor, notes).await?;
    withhold(within, &mut updated);
    Ok(updated)
}

/// An update of many entries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DlqBulkUpdate {
    /// The entries, at most 1000. Each stands for itself.
    pub dlq_entry_ids: Vec<Uuid>,
    /// The update of each.
    pub update: DlqUpdate,
}

/// The results of an update of many entries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DlqBulkUpdated {
    /// The result of each, in order.
    pub items: Vec<DlqUpdated>,
}

/// The result of the update of one of many entries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DlqUpdated {
    /// The entry.
    pub dlq_entry_id: Uuid,
    /// The status that its update alone would have had.
    pub status: u16,
    /// Why it was not updated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Updates many entries, one after the other. Returns the result of each.
#[utoipa::path(post, path = "/v1/dlq/bulk", tag = "dlq", operation_id = "update_dlq_entries", request_body = DlqBulkUpdate,
    responses((status = 200, body = DlqBulkUpdated)))]
pub(crate) async fn update_many(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Body(DlqBulkUpdate { dlq_entry_ids, update }): Body<DlqBulkUpdate>,
) -> Result<Json<DlqBulkUpdated>, ApiError> {
    if dlq_entry_ids.len() > MOST_AT_ONCE {
        let message =
            format!("there are {} entries; at most {MOST_AT_ONCE} are allowed", dlq_entry_ids.len());
        return Err(ApiError::new(Code::InvalidRequest, message));
    }
    within.note(update.resolution_notes.as_deref(), update.resolved_by.as_deref());
    let mut items = Vec::with_capacity(dlq_entry_ids.len());
    for dlq_entry_id in dlq_entry_ids {
        let updated = change(&orchestrator, &within, dlq_entry_id, &update).await;
        // What was done stays done, and is refused when the request is repeated. Each further entry would wait as long.
        let problem = match updated {
            Err(error) if error.is_outage() => return Err(error),
            updated => updated.err().map(Problem::from),
        };
        let status = problem.as_ref().map_or(StatusCode::OK.as_u16(), |problem| problem.status);
        items.push(DlqUpdated { dlq_entry_id, status, problem });
    }
    Ok(Json(DlqBulkUpdated { items }))
}

/// Counts entries by reason.
#[utoipa::path(get, path = "/v1/dlq/stats", tag = "dlq", operation_id = "get_dlq_statistics", params(OfNamespace, PageParameters), responses(
    (status = 200, body = Page<DlqStatistics>)))]
pub(crate) async fn statistics(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<OfNamespace>,
) -> Result<Page<DlqStatistics>, ApiError> {
    let list = list.has_one_page()?;
    let statistics = orchestrator.reader.dlq_statistics(&list.filters.within(&within.scope)).await?;
    Ok(list.whole(statistics))
}

/// Lists pending entries, most urgent first. Their order changes with time, so there is one page.
#[utoipa::path(get, path = "/v1/dlq/investigation-queue", tag = "dlq", operation_id = "list_investigation_queue", params(OfNamespace, PageParameters), responses(
    (status = 200, body = Page<Investigation>)))]
pub(crate) async fn investigation_queue(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<OfNamespace>,
) -> Result<Page<Investigation>, ApiError> {
    let list = list.at_most(WITH_DOCUMENTS)?.has_one_page()?;
    let mut queue =
        orchestrator.reader.investigation_queue(&list.filters.within(&within.scope), list.limit).await?;
    for one in &mut queue {
        withhold(&within, &mut one.entry);
    }
    Ok(list.whole(queue))
}

/// Lists tasks that have not ended, by the time since their last change. Their order changes with time, so there is one
/// page.
#[utoipa::path(get, path = "/v1/dlq/staleness", tag = "dlq", operation_id = "list_stale_tasks", params(OfNamespace, PageParameters), responses(
    (status = 200, body = Page<Staleness>)))]
pub(crate) async fn staleness(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<OfNamespace>,
) -> Result<Page<Staleness>, ApiError> {
    let list = list.has_one_page()?;
    let stale = orchestrator.reader.staleness(&list.filters.within(&within.scope), list.limit).await?;
    Ok(list.whole(stale))
}
