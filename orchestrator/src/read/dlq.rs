//! Queries of dead letters and stale tasks, and their API types.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{Row, postgres::PgRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reader::Reader;
use crate::{
    access::scope::Scope,
    database::{
        columns::raw,
        set::{FUNCTION_SET, sql},
    },
    error::Error,
    slice::Slice,
};

/// A DLQ entry: a task, or an isolated step, that needs attention, with a snapshot.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DlqEntry {
    /// The id of the entry.
    pub dlq_entry_id: Uuid,
    /// The id of the task.
    pub task_id: Uuid,
    /// For an isolated batch worker, its step index. None for an entry about the whole task.
    pub step_index: Option<i32>,
    /// The namespace of the task's template.
    pub namespace: String,
    /// The name of the task's template.
    pub name: String,
    /// The task's priority.
    pub priority: i16,
    /// The reason: `staleness_timeout`, `max_retries_exceeded`, `worker_unavailable`, `manual_dlq`.
    pub dlq_reason: String,
    /// The resolution: `pending`, `manually_resolved`, `permanently_failed`, `cancelled`.
    pub resolution_status: String,
    /// Who created the entry.
    pub actor: String,
    /// Their note.
    pub note: Option<String>,
    /// The task's state at that time.
    pub task_state: String,
    /// When the entry was created.
    pub created_at: DateTime<Utc>,
    /// When it was resolved.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who resolved it.
    pub resolved_by: Option<String>,
    /// Their notes.
    pub resolution_notes: Option<String>,
    /// The task and its steps, with their last failures, at the time of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub snapshot: Option<Box<RawValue>>,
    /// The fields that the caller may not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// A filter for DLQ entries.
#[derive(Debug, Clone, Default)]
pub struct DlqFilter {
    /// Only entries of tasks in these namespaces.
    pub scope: Scope,
    /// Only entries with this resolution.
    pub resolution_status: Option<String>,
    /// Only entries of this task.
    pub task_id: Option<Uuid>,
    /// Only this entry.
    pub dlq_entry_id: Option<Uuid>,
    /// Only entries of tasks of this namespace.
    pub namespace: Option<String>,
    /// Only entries of tasks of templates with this name.
    pub name: Option<String>,
    /// Only entries with this reason.
    pub dlq_reason: Option<String>,
    /// Only entries created at this time or later.
    pub created_after: Option<DateTime<Utc>>,
    /// Only entries created before this time.
    pub created_before: Option<DateTime<Utc>>,
}

/// The number of entries for one reason.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DlqStatistics {
    /// The reason.
    pub dlq_reason: String,
    /// The number of all entries.
    pub total: i64,
    /// The number of unresolved entries.
    pub pending: i64,
    /// The number resolved by an operator or by the task's completion.
    pub manually_resolved: i64,
    /// The number given up.
    pub permanently_failed: i64,
    /// The number cancelled with their task.
    pub cancelled: i64,
    /// When the oldest unresolved entry was created.
    pub oldest_pending: Option<DateTime<Utc>>,
    /// The average time to resolution, in minutes.
    pub average_resolution_minutes: Option<f64>,
}

/// A pending entry with its urgency.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Investigation {
    /// Higher is more urgent: 100 for `staleness_timeout`, 80 for `worker_unavailable`, 60 for `max_retries_exceeded`, 40
    /// for others; plus a quarter of the task's priority; plus one per hour in the DLQ, at most 24.
    pub priority_score: f64,
    /// The age of the entry, in minutes.
    pub minutes_in_dlq: f64,
    /// The entry.
    #[serde(flatten)]
    pub entry: DlqEntry,
}

/// A task that has not ended, and the time since its last event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Staleness {
    /// The task.
    pub task_id: Uuid,
    /// The namespace of its template.
    pub namespace: String,
    /// The name of its template.
    pub name: String,
    /// The state of the task.
    pub status: String,
    /// The time since the task's last event, in minutes.
    pub minutes_in_state: f64,
    /// The maximum of that time, in minutes.
    pub threshold_minutes: Option<f64>,
    /// `healthy` below 80 % of the threshold, then `warning`; `stale` from the threshold on.
    pub health_status: String,
    /// The time since the task's creation, in minutes.
    pub minutes_since_creation: f64,
    /// Whether the task has exceeded its template's `max_duration_minutes`.
    pub is_overdue: bool,
}

const ENTRY: &str = "dlq_entry_id, task_id, step_index, namespace, name, priority, dlq_reason, resolution_status, actor, \
    note, task_state, snapshot::text AS snapshot, created_at, resolved_at, resolved_by, resolution_notes";

impl Reader {
    /// Returns DLQ entries, newest first, by the time of their creation and their id.
    pub async fn dlq_entries(
        &self,
        filter: &DlqFilter,
        slice: Slice<(DateTime<Utc>, Uuid)>,
    ) -> Result<Vec<DlqEntry>, Error> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {ENTRY} FROM tasker.dlq
             WHERE ($1::text IS NULL OR resolution_status = $1) AND ($2::uuid IS NULL OR task_id = $2)
               AND ($3::uuid IS NULL OR dlq_entry_id = $3)
               AND ($5::uuid IS NULL OR (created_at, dlq_entry_id) < ($6, $5))
               AND ($7::text[] IS NULL OR namespace = ANY ($7))
               AND ($8::text IS NULL OR namespace = $8) AND ($9::text IS NULL OR name = $9)
               AND ($10::text IS NULL OR dlq_reason = $10)
               AND ($11::timestamptz IS NULL OR created_at >= $11) AND ($12::timestamptz IS NULL OR created_at < $12)
             ORDER BY created_at DESC, dlq_entry_id DESC LIMIT $4"
        )))
        .bind(&filter.resolution_status)
        .bind(filter.task_id)
        .bind(filter.dlq_entry_id)
        .bind(slice.sql_limit())
        .bind(slice.after.map(|(_, id)| id))
        .bind(slice.after.map(|(at, _)| at))
        .bind(filter.scope.sql())
        .bind(&filter.namespace)
        .bind(&filter.name)
        .bind(&filter.dlq_reason)
        .bind(filter.created_after)
        .bind(filter.created_before)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(entry).collect()
    }

    /// Returns the number of entries by reason.
    pub async fn dlq_statistics(&self, scope: &Scope) -> Result<Vec<DlqStatistics>, Error> {
        let rows = sqlx::query(
            "SELECT dlq_reason, count(*) AS total,
                 count(*) FILTER (WHERE resolution_status = 'pending') AS pending,
                 count(*) FILTER (WHERE resolution_status = 'manually_resolved') AS manually_resolved,
                 count(*) FILTER (WHERE resolution_status = 'permanently_failed') AS permanently_failed,
                 count(*) FILTER (WHERE resolution_status = 'cancelled') AS cancelled,
                 min(created_at) FILTER (WHERE resolution_status = 'pending') AS oldest_pending,
                 (avg(extract(epoch FROM resolved_at - created_at)) / 60)::double precision AS average
             FROM tasker.dlq WHERE $1::text[] IS NULL OR namespace = ANY ($1) GROUP BY dlq_reason ORDER BY dlq_reason",
        )
        .bind(scope.sql())
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok(DlqStatistics {
                dlq_reason: row.try_get("dlq_reason")?,
                total: row.try_get("total")?,
                pending: row.try_get("pending")?,
                manually_resolved: row.try_get("manually_resolved")?,
                permanently_failed: row.try_get("permanently_failed")?,
                cancelled: row.try_get("cancelled")?,
                oldest_pending: row.try_get("oldest_pending")?,
                average_resolution_minutes: row.try_get("average")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Returns pending entries, most urgent first.
    pub async fn investigation_queue(&self, scope: &Scope, limit: u32) -> Result<Vec<Investigation>, Error> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {ENTRY}, q.minutes, q.score FROM tasker.dlq
             CROSS JOIN LATERAL (
                 SELECT m.minutes, CASE dlq_reason WHEN 'staleness_timeout' THEN 100 WHEN 'worker_unavailable' THEN 80
                            WHEN 'max_retries_exceeded' THEN 60 ELSE 40 END
                        + priority / 4.0::double precision + least(m.minutes / 60, 24) AS score
                 FROM (SELECT (extract(epoch FROM {FUNCTION_SET}.now() - created_at) / 60)::double precision AS minutes) AS m) AS q
             WHERE resolution_status = 'pending' AND ($2::text[] IS NULL OR namespace = ANY ($2))
             ORDER BY q.score DESC, created_at LIMIT $1"
        )))
        .bind(i64::from(limit))
        .bind(scope.sql())
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok(Investigation {
                priority_score: row.try_get("score")?,
                minutes_in_dlq: row.try_get("minutes")?,
                entry: entry(row)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Returns tasks that have not ended, sorted by their share of the threshold, highest first.
    pub async fn staleness(&self, scope: &Scope, limit: u32) -> Result<Vec<Staleness>, Error> {
        let rows = sqlx::query(
            sql!("SELECT q.*, CASE WHEN share IS NULL OR share < 0.8 THEN 'healthy' WHEN share < 1 THEN 'warning'
                              ELSE 'stale' END AS health_status
             FROM (
                 SELECT t.task_id, t.namespace, t.name, t.state AS status, t.is_overdue,
                     (extract(epoch FROM tasker_f.now() - t.last_event_at) / 60)::double precision AS in_state,
                     (extract(epoch FROM tasker_f.state_limit(t.state, r)) / 60)::double precision AS threshold,
                     (extract(epoch FROM tasker_f.now() - t.created_at) / 60)::double precision AS age,
                     CASE WHEN t.paused_at IS NULL THEN (extract(epoch FROM tasker_f.now() - t.last_event_at)
                          / extract(epoch FROM tasker_f.state_limit(t.state, r)))::double precision END AS share
                 FROM tasker.tasks t JOIN tasker.releases r ON r.release_id = t.release_id
                 WHERE t.state IN ('waiting_for_dependencies', 'waiting_for_retry', 'steps_in_process',
                                   'blocked_by_failures')
                   AND ($2::text[] IS NULL OR t.namespace = ANY ($2))) AS q
             ORDER BY share DESC NULLS LAST, task_id LIMIT $1"),
        )
        .bind(i64::from(limit))
        .bind(scope.sql())
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok(Staleness {
                task_id: row.try_get("task_id")?,
                namespace: row.try_get("namespace")?,
                name: row.try_get("name")?,
                status: row.try_get("status")?,
                minutes_in_state: row.try_get("in_state")?,
                threshold_minutes: row.try_get("threshold")?,
                health_status: row.try_get("health_status")?,
                minutes_since_creation: row.try_get("age")?,
                is_overdue: row.try_get("is_overdue")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

fn entry(row: &PgRow) -> Result<DlqEntry, Error> {
    Ok(DlqEntry {
        dlq_entry_id: row.try_get("dlq_entry_id")?,
        task_id: row.try_get("task_id")?,
        step_index: row.try_get("step_index")?,
        namespace: row.try_get("namespace")?,
        name: row.try_get("name")?,
        priority: row.try_get("priority")?,
        dlq_reason: row.try_get("dlq_reason")?,
        resolution_status: row.try_get("resolution_status")?,
        actor: row.try_get("actor")?,
        note: row.try_get("note")?,
        task_state: row.try_get("task_state")?,
        created_at: row.try_get("created_at")?,
        resolved_at: row.try_get("resolved_at")?,
        resolved_by: row.try_get("resolved_by")?,
        resolution_notes: row.try_get("resolution_notes")?,
        snapshot: Some(raw(&row.try_get::<String, _>("snapshot")?)?),
        withheld: Vec::new(),
    })
}
