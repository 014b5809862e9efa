//! The log lines of a task's handlers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Row, postgres::PgRow};
use tasker_protocol::{LogLevel, LogLine};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reader::Reader;
use crate::{database::set::sql, error::Error, slice::Slice};

/// A line that a handler logged.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// The audit record of the run: higher ones were stored later.
    pub audit_id: i64,
    /// The position among the lines of the run, from 1.
    pub position: i64,
    /// The index of the step.
    pub step_index: u32,
    /// The name of the step.
    pub step: String,
    /// The number of the attempt.
    pub attempt: u32,
    /// The host that ran it.
    pub host: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The severity.
    #[schema(value_type = String)]
    pub level: LogLevel,
    /// The context that the handler gave, or `stdout` or `stderr`.
    pub target: String,
    /// The text.
    pub message: String,
}

/// A filter for log lines.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Only those of this step.
    pub step: Option<u32>,
    /// Only those of this attempt.
    pub attempt: Option<u32>,
    /// Only those of this severity and above.
    pub level: Option<LogLevel>,
    /// Only those whose message contains this text, in any case.
    pub text: Option<String>,
    /// Only those written at this time or later.
    pub after: Option<DateTime<Utc>>,
    /// Only those written before this time.
    pub before: Option<DateTime<Utc>>,
}

/// The place of a line among those of its task: audit record and position.
pub type LogKey = (i64, i64);

impl LogEntry {
    /// Its place among those of its task.
    pub fn key(&self) -> LogKey {
        (self.audit_id, self.position)
    }
}

/// The levels, the lowest first.
const LEVELS: [LogLevel; 6] =
    [LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error, LogLevel::Critical];

impl Reader {
    /// Returns the log lines of a task's ended runs: those of a run together, the runs in the order of their ends.
    pub async fn logs(
        &self,
        task: Uuid,
        filter: &LogFilter,
        slice: Slice<LogKey>,
    ) -> Result<Vec<LogEntry>, Error> {
        let (audit_id, position) = slice.after.unwrap_or((0, 0));
        let levels: Option<Vec<String>> = filter.level.map(|lowest| {
            LEVELS.iter().filter(|&&level| level >= lowest).map(|level| name(*level)).collect()
        });
        let rows = sqlx::query(sql!(
            "SELECT a.audit_id, l.position, a.step_index, a.attempt, a.actor, l.line::text AS line,
                 coalesce(tasker_f.step_name(d.name, s.worker_number), a.step_index::text) AS step
             FROM tasker.audit a
             CROSS JOIN LATERAL json_array_elements(a.detail -> 'logs') WITH ORDINALITY AS l (line, position)
             JOIN tasker.tasks t ON t.task_id = a.task_id
             LEFT JOIN tasker.steps s ON s.task_id = a.task_id AND s.step_index = a.step_index
             LEFT JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.template_step
             WHERE a.task_id = $1 AND a.audit_id >= $2 AND (a.audit_id, l.position) > ($2, $3)
               AND ($4::integer IS NULL OR a.step_index = $4) AND ($5::integer IS NULL OR a.attempt = $5)
               AND ($6::text[] IS NULL OR l.line ->> 'level' = ANY ($6))
               AND ($7::text IS NULL OR strpos(lower(l.line ->> 'message'), lower($7)) > 0)
               AND ($8::timestamptz IS NULL OR (l.line ->> 'at')::timestamptz >= $8)
               AND ($9::timestamptz IS NULL OR (l.line ->> 'at')::timestamptz < $9)
             ORDER BY a.audit_id, l.position LIMIT $10"
        ))
        .bind(task)
        .bind(audit_id)
        .bind(position)
        .bind(filter.step.map(u32::cast_signed))
        .bind(filter.attempt.map(u32::cast_signed))
        .bind(levels)
        .bind(&filter.text)
        .bind(filter.after)
        .bind(filter.before)
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(entry).collect()
    }
}

fn name(level: LogLevel) -> String {
    serde_json::to_value(level).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn entry(row: &PgRow) -> Result<LogEntry, Error> {
    let audit_id = row.try_get("audit_id")?;
    let LogLine { at, level, target, message } = serde_json::from_str(row.try_get("line")?)
        .map_err(|error| Error::Damaged(format!("a log line of audit record {audit_id}: {error}")))?;
    Ok(LogEntry {
        audit_id,
        position: row.try_get("position")?,
        step_index: row.try_get::<i32, _>("step_index")?.unsigned_abs(),
        step: row.try_get("step")?,
        attempt: row.try_get::<i32, _>("attempt")?.unsigned_abs(),
        host: row.try_get("actor")?,
        at,
        level,
        target,
        message,
    })
}
