//! The timeline of a task: each run of a step with its times.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Row, postgres::PgRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reader::Reader;
use crate::{database::set::sql, error::Error, slice::Slice, state::StepState};

/// A run of a step, or what it waits for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// The audit record of the run's end. None while it has not ended.
    pub audit_id: Option<i64>,
    /// The index of the step.
    pub step_index: u32,
    /// The name of the step.
    pub step: String,
    /// The number of the attempt. An attempt with checkpoints has several runs.
    pub attempt: u32,
    /// The state in which the run left the step. If it has not ended: the current state.
    #[schema(value_type = String)]
    pub state: StepState,
    /// When it was enqueued.
    pub enqueued_at: Option<DateTime<Utc>>,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Of a step that waits for a retry: when it is due.
    pub next_retry_at: Option<DateTime<Utc>>,
    /// The host that ran it, as far as it is known.
    pub host: Option<String>,
    /// The computing time, in microseconds.
    pub cpu_us: Option<i64>,
    /// The peak memory, in bytes.
    pub peak_memory_bytes: Option<i64>,
    /// Of a failed run: the type of its failure.
    pub error_type: Option<String>,
}

/// The place of an entry in its timeline: audit record (the highest number while the run has not ended), and step index.
pub type TimelineKey = (i64, i32);

/// In the place of the audit record of a run that has not ended.
const OPEN: i64 = i64::MAX;

impl TimelineEntry {
    /// Its place in the timeline.
    pub fn key(&self) -> TimelineKey {
        (self.audit_id.unwrap_or(OPEN), self.step_index.cast_signed())
    }
}

impl Reader {
    /// Returns the runs of a task's steps in the order of their ends, then those that have not ended, by step. Of a task that
    /// moves, a run that ends while the last ones are read may be left out.
    pub async fn timeline(&self, task: Uuid, slice: Slice<TimelineKey>) -> Result<Vec<TimelineEntry>, Error> {
        let (audit_id, step_index) = slice.after.unwrap_or((0, -1));
        let rows = sqlx::query(sql!(
            // First which runs, then what is known of them: their details may be long.
            "WITH run AS MATERIALIZED (
                 (SELECT a.audit_id, a.step_index FROM tasker.audit a
                  WHERE a.task_id = $1 AND a.audit_id >= $2 AND (a.audit_id, a.step_index) > ($2, $3)
                    -- A run ends with a report, or by an operator.
                    AND (a.detail IS NOT NULL OR a.step_states[1] = 'in_progress' AND cardinality(a.step_states) > 1)
                  ORDER BY a.audit_id, a.step_index LIMIT $5)
                 UNION ALL
                 (SELECT $4, s.step_index FROM tasker.steps s
                  WHERE s.task_id = $1 AND s.state IN ('enqueued', 'in_progress', 'waiting_for_retry')
                    AND ($4, s.step_index) > ($2, $3)
                  ORDER BY s.step_index LIMIT $5)
                 ORDER BY audit_id, step_index LIMIT $5)
             SELECT r.audit_id, r.step_index,
                 coalesce(tasker_f.step_name(d.name, s.worker_number), r.step_index::text) AS step,
                 coalesce(a.attempt, s.attempt) AS attempt,
                 coalesce(a.step_states[cardinality(a.step_states)], s.state) AS state,
                 CASE WHEN r.audit_id = $4 THEN s.enqueued_at
                     WHEN a.step_states[1] = 'enqueued' THEN a.step_times[1] ELSE begun.enqueued_at END AS enqueued_at,
                 CASE WHEN r.audit_id = $4 THEN s.started_at
                     WHEN a.step_times IS NULL THEN begun.started_at
                     WHEN 'in_progress' = ANY (a.step_states) THEN a.step_times[cardinality(a.step_times) - 2]
                     END AS started_at,
                 CASE WHEN r.audit_id <> $4 THEN coalesce(a.step_times[cardinality(a.step_times) - 1], a.at)
                     END AS finished_at,
                 CASE WHEN r.audit_id = $4 THEN s.next_retry_at END AS next_retry_at,
                 -- Without a report, the actor is whoever ended it.
                 CASE WHEN r.audit_id = $4 THEN s.host
                     WHEN (a.detail #>> '{usage,wall_us}')::bigint > 0 THEN a.actor ELSE begun.host END AS host,
                 (a.detail #>> '{usage,cpu_us}')::bigint AS cpu_us,
                 (a.detail #>> '{usage,peak_memory_bytes}')::bigint AS peak_memory_bytes,
                 CASE WHEN r.audit_id = $4 THEN s.last_failure ->> 'error_type'
                     ELSE a.detail #>> '{failure,error_type}' END AS error_type
             FROM run r
             JOIN tasker.tasks t ON t.task_id = $1
             LEFT JOIN tasker.audit a ON a.task_id = $1 AND a.audit_id = r.audit_id
             LEFT JOIN tasker.steps s ON s.task_id = $1 AND s.step_index = r.step_index
             LEFT JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.template_step
             LEFT JOIN LATERAL (
                 SELECT b.step_times[1] AS enqueued_at, b.step_times[2] AS started_at, b.actor AS host
                 FROM tasker.audit b
                 -- Only of a run whose start was reported before: it goes back to that record.
                 WHERE a.step_states[1] = 'in_progress' AND b.task_id = $1 AND b.audit_id < r.audit_id
                   AND b.step_index = r.step_index AND b.event = 'started' AND b.attempt = a.attempt
                 ORDER BY b.audit_id DESC LIMIT 1) AS begun ON true
             ORDER BY r.audit_id, r.step_index"
        ))
        .bind(task)
        .bind(audit_id)
        .bind(step_index)
        .bind(OPEN)
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(entry).collect()
    }
}

fn entry(row: &PgRow) -> Result<TimelineEntry, Error> {
    let audit_id: i64 = row.try_get("audit_id")?;
    let state: String = row.try_get("state")?;
    Ok(TimelineEntry {
        audit_id: (audit_id != OPEN).then_some(audit_id),
        step_index: row.try_get::<i32, _>("step_index")?.unsigned_abs(),
        step: row.try_get("step")?,
        attempt: row.try_get::<i32, _>("attempt")?.unsigned_abs(),
        state: StepState::from_name(&state).ok_or_else(|| Error::Damaged(format!("step state {state}")))?,
        enqueued_at: row.try_get("enqueued_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        next_retry_at: row.try_get("next_retry_at")?,
        host: row.try_get("host")?,
        cpu_us: row.try_get("cpu_us")?,
        peak_memory_bytes: row.try_get("peak_memory_bytes")?,
        error_type: row.try_get("error_type")?,
    })
}
