//! The effects that an event function returns, read from rows.

use std::time::Duration;

use serde_json::value::RawValue;
use sqlx::{Row, postgres::PgRow};
use tasker_protocol::{DependencyResult, Payload};
use uuid::Uuid;

use crate::{
    database::columns::{optional_payload, payload, raw},
    error::Error,
    state::TaskState,
};

/// The effects of one call of an event function.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// One per item of the call, as far as the function returns them.
    pub(crate) verdicts: Vec<Verdict>,
    /// The new states of tasks.
    pub(crate) tasks: Vec<(Uuid, TaskState)>,
    /// Executions whose reports no longer count, although a host may still run them.
    pub(crate) revoked: Vec<(Uuid, u32, u32)>,
    pub(crate) ready: Ready,
    /// Unpublished events exist.
    pub(crate) has_events: bool,
}

/// The result for one item of a call.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// The position of the item in the call, from 0.
    pub(crate) position: usize,
    pub(crate) task_id: Uuid,
    pub(crate) step_index: u32,
    pub(crate) execution: u32,
    pub(crate) task_state: Option<TaskState>,
    /// Time until the step's retry is due.
    pub(crate) retry_in: Option<Duration>,
    /// For a cancellation: the number of cancelled steps.
    pub(crate) count: u32,
}

/// The steps to dispatch.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    pub(crate) steps: Vec<ReadyStep>,
    /// Steps of which only the key is known, to bound the memory for payloads.
    pub(crate) later: Vec<(Uuid, u32)>,
}

impl Ready {
    pub(crate) fn len(&self) -> usize {
        self.steps.len() + self.later.len()
    }
}

/// A step to dispatch: the data that is not in its release.
#[derive(Debug)]
pub(crate) struct ReadyStep {
    pub(crate) task_id: Uuid,
    pub(crate) step_index: u32,
    pub(crate) execution: u32,
    pub(crate) attempt: u32,
    pub(crate) release_id: Uuid,
    /// The index of its template step.
    pub(crate) template_step: usize,
    pub(crate) input: Payload,
    pub(crate) correlation_id: String,
    pub(crate) traceparent: Option<String>,
    pub(crate) dependency_results: Vec<DependencyResult>,
    pub(crate) checkpoint: Option<Payload>,
    pub(crate) worker: Option<BatchPlace>,
}

/// The position of a batch worker in its batch.
#[derive(Debug)]
pub(crate) struct BatchPlace {
    /// The batchable step.
    pub(crate) batch: usize,
    /// The number of the worker, from 1.
    pub(crate) number: u32,
    /// The number of workers.
    pub(crate) of: u32,
    /// Its cursor. None if the batch has no work.
    pub(crate) cursor: Option<Box<RawValue>>,
}

impl Effects {
    pub(crate) fn read(rows: &[PgRow]) -> Result<Self, Error> {
        let mut effects = Self::default();
        for row in rows {
            match row.try_get("kind")? {
                "dispatch" => effects.ready.steps.push(ReadyStep::read(row)?),
                "later" => {
                    let step: i32 = row.try_get("step_index")?;
                    effects.ready.later.push((row.try_get("task_id")?, step.unsigned_abs()));
                }
                "verdict" => effects.verdicts.push(Verdict::read(row)?),
                "task" => effects.tasks.push(read_task(row)?),
                "revoked" => effects.revoked.push((
                    row.try_get("task_id")?,
                    row.try_get::<i32, _>("step_index")?.unsigned_abs(),
                    row.try_get::<i32, _>("execution")?.unsigned_abs(),
                )),
                "events" => effects.has_events = true,
                other => return Err(Error::Damaged(format!("an effect of the unknown kind `{other}`"))),
            }
        }
        Ok(effects)
    }
}

impl Verdict {
    fn read(row: &PgRow) -> Result<Self, Error> {
        let milliseconds: Option<i64> = row.try_get("retry_in_ms")?;
        let count: Option<i64> = row.try_get("count")?;
        Ok(Self {
            position: (row.try_get::<i64, _>("position")? - 1).max(0) as usize,
            task_id: row.try_get("task_id")?,
            step_index: row.try_get::<Option<i32>, _>("step_index")?.unwrap_or(0).unsigned_abs(),
            execution: row.try_get::<Option<i32>, _>("execution")?.unwrap_or(0).unsigned_abs(),
            task_state: row
                .try_get::<Option<String>, _>("task_state")?
                .and_then(|name| TaskState::from_name(&name)),
            retry_in: milliseconds.map(|ms| Duration::from_millis(ms.max(0) as u64)),
            count: count.map_or(0, |count| count.max(0) as u32),
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
            execution: row.try_get::<i32, _>("execution")?.unsigned_abs(),
            attempt: row.try_get::<i32, _>("attempt")?.unsigned_abs(),
            release_id: row.try_get("release_id")?,
            template_step: row.try_get::<i32, _>("template_step")?.unsigned_abs() as usize,
            input: payload(row.try_get("input")?, row.try_get("input_blob")?)?,
            correlation_id: row.try_get("correlation_id")?,
            traceparent: row.try_get("traceparent")?,
            dependency_results,
            checkpoint: optional_payload(row.try_get("checkpoint")?, row.try_get("checkpoint_blob")?)?,
            worker: BatchPlace::read(row)?,
        })
    }
}

impl BatchPlace {
    fn read(row: &PgRow) -> Result<Option<Self>, Error> {
        let Some(batch) = row.try_get::<Option<i32>, _>("batch")? else { return Ok(None) };
        let cursor: Option<String> = row.try_get("cursor")?;
        Ok(Some(Self {
            batch: batch.unsigned_abs() as usize,
            number: row.try_get::<i32, _>("worker_number")?.unsigned_abs(),
            of: row.try_get::<i32, _>("workers")?.unsigned_abs(),
            cursor: cursor.as_deref().map(raw).transpose()?,
        }))
    }
}

fn read_task(row: &PgRow) -> Result<(Uuid, TaskState), Error> {
    let (task, state): (Uuid, String) = (row.try_get("task_id")?, row.try_get("task_state")?);
    let state = TaskState::from_name(&state);
    state.map(|state| (task, state)).ok_or_else(|| Error::Damaged(format!("the state of task {task}")))
}
