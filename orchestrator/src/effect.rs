//! What an event function answers, read into Rust.

use std::time::Duration;

use sqlx::{FromRow, Row, postgres::PgRow};
use tasker_protocol::{DependencyResult, Payload};
use uuid::Uuid;

use crate::{catalog::raw, error::Error, state::TaskState};

/// What an event function answers.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// On what was asked for.
    pub(crate) verdicts: Vec<Verdict>,
    /// Where tasks stand now.
    pub(crate) tasks: Vec<(Uuid, TaskState)>,
    pub(crate) ready: Vec<ReadyStep>,
}

/// How one thing that was asked for was received.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Its place among the things asked for, from 0.
    pub(crate) position: usize,
    pub(crate) task_id: Uuid,
    pub(crate) step_index: u32,
    pub(crate) attempt: u32,
    pub(crate) task_state: Option<TaskState>,
    /// How long until its retry is due.
    pub(crate) retry_in: Option<Duration>,
}

/// A step to dispatch, as far as it is not in its release.
#[derive(Debug)]
pub(crate) struct ReadyStep {
    pub(crate) task_id: Uuid,
    pub(crate) step_index: u32,
    pub(crate) attempt: u32,
    pub(crate) release_id: Uuid,
    pub(crate) input: Payload,
    pub(crate) correlation_id: String,
    pub(crate) traceparent: Option<String>,
    pub(crate) dependency_results: Vec<DependencyResult>,
}

impl Effects {
    pub(crate) fn read(rows: &[PgRow]) -> Result<Self, Error> {
        let mut effects = Self::default();
        for row in rows {
            match row.try_get::<Option<i64>, _>("position")? {
                Some(0) => effects.tasks.push(read_task(row)?),
                Some(position) => effects.verdicts.push(Verdict::read(row, position)?),
                None => effects.ready.push(ReadyStep::read(row)?),
            }
        }
        Ok(effects)
    }
}

impl Verdict {
    fn read(row: &PgRow, position: i64) -> Result<Self, Error> {
        Ok(Self {
            position: (position - 1).max(0) as usize,
            task_id: row.try_get("task_id")?,
            step_index: row.try_get::<Option<i32>, _>("step_index")?.unwrap_or(0).unsigned_abs(),
            attempt: row.try_get::<Option<i32>, _>("attempt")?.unwrap_or(0).unsigned_abs(),
            task_state: row
                .try_get::<Option<String>, _>("task_state")?
                .and_then(|name| TaskState::from_name(&name)),
            retry_in: row
                .try_get::<Option<i64>, _>("retry_in_ms")?
                .map(|ms| Duration::from_millis(ms.max(0) as u64)),
        })
    }
}

impl ReadyStep {
    fn read(row: &PgRow) -> Result<Self, Error> {
        let results: Option<String> = row.try_get("dependency_results")?;
        let dependency_results = match &results {
            Some(text) => {
                serde_json::from_str(text).map_err(|error| Error::Damaged(format!("results: {error}")))?
            }
            None => Vec::new(),
        };
        Ok(Self {
            task_id: row.try_get("task_id")?,
            step_index: row.try_get::<i32, _>("step_index")?.unsigned_abs(),
            attempt: row.try_get::<i32, _>("attempt")?.unsigned_abs(),
            release_id: row.try_get("release_id")?,
            input: payload(row.try_get("input")?, row.try_get("input_blob")?)?,
            correlation_id: row.try_get("correlation_id")?,
            traceparent: row.try_get("traceparent")?,
            dependency_results,
        })
    }
}

fn read_task(row: &PgRow) -> Result<(Uuid, TaskState), Error> {
    let (task, state): (Uuid, String) = (row.try_get("task_id")?, row.try_get("task_state")?);
    let state = TaskState::from_name(&state);
    state.map(|state| (task, state)).ok_or_else(|| Error::Damaged(format!("the state of task {task}")))
}

/// A document from its two columns.
pub(crate) fn payload(inline: Option<String>, blob: Option<String>) -> Result<Payload, Error> {
    match (inline, blob) {
        (Some(text), None) => Ok(Payload::Inline(raw(&text)?)),
        (None, Some(reference)) => serde_json::from_str(&reference)
            .map(Payload::Blob)
            .map_err(|error| Error::Damaged(format!("blob reference: {error}"))),
        _ => Ok(Payload::null()),
    }
}

/// A document as its two columns: inline, or a reference.
pub(crate) fn columns(payload: &Payload) -> (Option<String>, Option<String>) {
    match payload {
        Payload::Inline(json) => (Some(json.get().to_owned()), None),
        Payload::Blob(reference) => (None, serde_json::to_string(reference).ok()),
    }
}

/// A row that only counts.
#[derive(Debug, FromRow)]
pub(crate) struct OverdueStep {
    pub(crate) task_id: Uuid,
    pub(crate) step_index: i32,
    pub(crate) attempt: i32,
    pub(crate) state: String,
    pub(crate) host: Option<String>,
}
