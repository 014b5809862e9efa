//! Queries of steps, their transitions and their attempts, and their API types.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{Row, postgres::PgRow};
use tasker_protocol::Payload;
use tasker_templates::{did_you_mean, template::StepType};
use tasker_transport::BlobStore;
use utoipa::ToSchema;
use uuid::Uuid;

use super::reader::{Reader, document};
use crate::{
    catalog::{Release, step_name},
    database::{
        columns::{optional_payload, raw},
        set::sql,
    },
    error::Error,
    slice::Slice,
    state::StepState,
};

/// A step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepDetail {
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The step within its task, counting from 0.
    pub step_index: u32,
    /// Its name, unique in its task.
    pub name: String,
    /// The state of the step.
    #[schema(value_type = String)]
    pub state: StepState,
    /// The type of the step.
    #[schema(value_type = String)]
    pub step_type: StepType,
    /// The name of its template step: differs from `name` only for batch workers.
    pub template_step: String,
    /// The template steps that it depends on, as far as they were created.
    pub dependencies: Vec<String>,
    /// The callable of its handler.
    pub handler: String,
    /// The component that contains the handler: the SHA-256 of its bytes.
    pub component: String,
    /// The number of the current attempt; 0 before the first.
    pub attempt: u32,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// How often the step was enqueued: attempts, and resumptions from checkpoints.
    pub execution: u32,
    /// When the current attempt was enqueued.
    pub enqueued_at: Option<DateTime<Utc>>,
    /// When the current attempt started.
    pub started_at: Option<DateTime<Utc>>,
    /// When the current attempt ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the next attempt is due.
    pub next_retry_at: Option<DateTime<Utc>>,
    /// The host that ran it.
    pub host: Option<String>,
    /// The progress that the handler last reported.
    pub progress: Option<String>,
    /// The result of the completed step.
    #[schema(value_type = Option<Value>)]
    pub result: Option<Box<RawValue>>,
    /// For a batch worker: its cursor.
    #[serde(default)]
    #[schema(value_type = Option<Value>)]
    pub cursor: Option<Box<RawValue>>,
    /// The number of saved checkpoints.
    #[serde(default)]
    pub checkpoints: u32,
    /// The last ten checkpoints: number, attempt, time, host.
    #[serde(default)]
    #[schema(value_type = Option<Value>)]
    pub checkpoint_history: Option<Box<RawValue>>,
    /// The last checkpoint, while the step is not complete.
    #[serde(default)]
    #[schema(value_type = Option<Value>)]
    pub checkpoint: Option<Box<RawValue>>,
    /// Whether the step failed and its batch continues without it.
    #[serde(default)]
    pub isolated: bool,
    /// The failure of the last failed attempt.
    #[schema(value_type = Option<Object>)]
    pub last_failure: Option<Box<RawValue>>,
    /// The fields that the caller may not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// A change of state.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Transition {
    /// The audit record: higher ones are later.
    pub audit_id: i64,
    /// The position among the changes of the record.
    pub position: i32,
    /// The index of the step; absent for a change of the task.
    pub step_index: Option<u32>,
    /// The name of the step.
    #[serde(default)]
    pub step: Option<String>,
    /// The number of the step's attempt.
    pub attempt: Option<u32>,
    /// When it changed.
    pub at: DateTime<Utc>,
    /// The previous state.
    pub from_state: String,
    /// The new state.
    pub to_state: String,
    /// The event that caused it.
    pub event: String,
    /// The operator or process that caused it.
    pub actor: String,
    /// The reason.
    pub reason: Option<String>,
}

/// The record of one execution of a step: its usage, logs and failure.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AttemptRecord {
    /// The audit record: higher ones are later.
    pub audit_id: i64,
    /// The number of the attempt.
    pub attempt: u32,
    /// When its end was stored.
    pub at: DateTime<Utc>,
    /// The host that ran it.
    pub actor: String,
    /// Usage, logs and failure.
    #[schema(value_type = Object)]
    pub detail: Box<RawValue>,
}

/// The place of a transition among those of its task: audit record, position, and step index.
pub type TransitionKey = (i64, i32, i32);

/// Which steps of a task a list is of.
#[derive(Debug, Clone, Default)]
pub struct StepFilter {
    /// Only steps in one of these states; all if empty.
    pub states: Vec<StepState>,
    /// Only steps that are made from the step of the template with this name.
    pub template_step: Option<String>,
    /// Without results, cursors and checkpoints.
    pub without_documents: bool,
}

/// In the place of a step index for changes of the task.
const TASK: i32 = -1;

impl Transition {
    /// Its place among those of its task.
    pub fn key(&self) -> TransitionKey {
        (self.audit_id, self.position, self.step_index.map_or(TASK, |step| step as i32))
    }
}

impl Reader {
    /// Returns the steps of a task, in the template's order, by their index.
    pub async fn steps(&self, task: Uuid, slice: Slice<u32>) -> Result<Vec<StepDetail>, Error> {
        self.steps_that(task, &StepFilter::default(), slice).await
    }

    /// As [`Reader::steps`], of those that match.
    ///
    /// # Errors
    /// [`Error::NoSuchStep`] if the template has no step with the filter's name.
    pub async fn steps_that(
        &self,
        task: Uuid,
        filter: &StepFilter,
        slice: Slice<u32>,
    ) -> Result<Vec<StepDetail>, Error> {
        let release = self.release_of(task).await?;
        let template_step = match &filter.template_step {
            Some(name) => Some(release.named(name).ok_or_else(|| no_such_step(task, name, &release))?),
            None => None,
        };
        let columns = if filter.without_documents {
            format!("{STEP}, {NO_DOCUMENTS}")
        } else {
            format!("{STEP}, {DOCUMENTS}")
        };
        let states: Option<Vec<&str>> =
            (!filter.states.is_empty()).then(|| filter.states.iter().map(|state| state.as_str()).collect());
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {columns} FROM tasker.steps WHERE task_id = $1 AND step_index > $2
                 AND ($4::text[] IS NULL OR state = ANY ($4)) AND ($5::integer IS NULL OR template_step = $5)
             ORDER BY step_index LIMIT $3"
        )))
        .bind(task)
        .bind(slice.after.map_or(-1, |after| i32::try_from(after).unwrap_or(i32::MAX)))
        .bind(slice.sql_limit())
        .bind(states)
        .bind(template_step.map(|step| i32::try_from(step).unwrap_or(i32::MAX)))
        .fetch_all(&self.pool)
        .await?;
        let present = self.present_steps(task, &release).await?;
        let mut steps = Vec::with_capacity(rows.len());
        for row in &rows {
            steps.push(step(row, task, &release, &present, &self.blobs).await?);
        }
        Ok(steps)
    }

    /// Returns a step, given by name or number.
    pub async fn step(&self, task: Uuid, wanted: &str) -> Result<StepDetail, Error> {
        let (index, _) = self.find_step(task, wanted).await?;
        let release = self.release_of(task).await?;
        let present = self.present_steps(task, &release).await?;
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {STEP}, {DOCUMENTS} FROM tasker.steps WHERE task_id = $1 AND step_index = $2"
        )))
        .bind(task)
        .bind(index)
        .fetch_one(&self.pool)
        .await?;
        step(&row, task, &release, &present, &self.blobs).await
    }

    /// Returns the index of a step, given by name or number.
    pub async fn step_index(&self, task: Uuid, wanted: &str) -> Result<u32, Error> {
        Ok(self.find_step(task, wanted).await?.0.unsigned_abs())
    }

    /// Returns which template steps of a task were created.
    async fn present_steps(&self, task: Uuid, release: &Release) -> Result<Vec<bool>, Error> {
        let there: Vec<i32> =
            sqlx::query_scalar("SELECT DISTINCT template_step FROM tasker.steps WHERE task_id = $1")
                .bind(task)
                .fetch_all(&self.pool)
                .await?;
        let mut present = vec![false; release.steps.len()];
        for step in there {
            if let Some(present) = present.get_mut(step.unsigned_abs() as usize) {
                *present = true;
            }
        }
        Ok(present)
    }

    /// Returns the index of a step, given by name or number, and the index of its template step.
    pub(crate) async fn find_step(&self, task: Uuid, wanted: &str) -> Result<(i32, usize), Error> {
        let release = self.release_of(task).await?;
        let found: Option<(i32, i32)> = sqlx::query_as(
            sql!("SELECT s.step_index, s.template_step FROM tasker.steps s
             JOIN tasker.release_steps d ON d.release_id = $2 AND d.step_index = s.template_step
             WHERE s.task_id = $1 AND (tasker_f.step_name(d.name, s.worker_number) = $3 OR s.step_index::text = $3)
             ORDER BY s.step_index::text = $3 LIMIT 1"),
        )
        .bind(task)
        .bind(release.id)
        .bind(wanted)
        .fetch_optional(&self.pool)
        .await?;
        if let Some((index, template_step)) = found {
            return Ok((index, template_step.unsigned_abs() as usize));
        }
        Err(no_such_step(task, wanted, &release))
    }

    /// Returns transitions of a task, or of one of its steps, in order.
    pub async fn transitions(
        &self,
        task: Uuid,
        step: Option<u32>,
        slice: Slice<TransitionKey>,
    ) -> Result<Vec<Transition>, Error> {
        let mut from = slice.after.unwrap_or((0, 0, TASK));
        let mut found = Vec::new();
        // A window of records after another, because their changes have no index. Most records have a change or more.
        loop {
            let left = slice.sql_limit() - found.len() as i64;
            let (last, records): (Option<i64>, i64) = sqlx::query_as(
                "SELECT max(audit_id), count(*) FROM (
                     SELECT audit_id FROM tasker.audit
                     WHERE task_id = $1 AND audit_id >= $2
                       AND ($3::integer IS NULL OR step_index = $3 OR $3 = ANY (enqueued_steps))
                     ORDER BY audit_id LIMIT $4) AS record",
            )
            .bind(task)
            .bind(from.0)
            .bind(step.map(u32::cast_signed))
            .bind(left.saturating_add(1))
            .fetch_one(&self.pool)
            .await?;
            let Some(last) = last else { break };
            found.extend(self.transitions_until(task, step, from, last, left).await?);
            if found.len() as i64 >= slice.sql_limit() || records <= left {
                break;
            }
            from = (last, i32::MAX, i32::MAX);
        }
        Ok(found)
    }

    /// Returns transitions after a place, of records up to `last`.
    async fn transitions_until(
        &self,
        task: Uuid,
        step: Option<u32>,
        (audit_id, position, of_step): TransitionKey,
        last: i64,
        limit: i64,
    ) -> Result<Vec<Transition>, Error> {
        let rows = sqlx::query(sql!(
            "SELECT c.*, CASE WHEN c.step_index IS NOT NULL
                 THEN coalesce(tasker_f.step_name(d.name, s.worker_number), c.step_index::text) END AS step
             FROM (
                 SELECT audit_id, position, step_index, attempt, at, from_state, to_state, event, actor, reason
                 FROM tasker.transitions
                 WHERE task_id = $1 AND ($2::integer IS NULL OR step_index = $2) AND audit_id >= $3 AND audit_id <= $8
                   AND (audit_id, position, coalesce(step_index, $6)) > ($3, $4, $5)
                 ORDER BY audit_id, position, coalesce(step_index, $6) LIMIT $7) c
             JOIN tasker.tasks t ON t.task_id = $1
             LEFT JOIN tasker.steps s ON s.task_id = $1 AND s.step_index = c.step_index
             LEFT JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.template_step
             ORDER BY c.audit_id, c.position, coalesce(c.step_index, $6)"
        ))
        .bind(task)
        .bind(step.map(|step| step as i32))
        .bind(audit_id)
        .bind(position)
        .bind(of_step)
        .bind(TASK)
        .bind(limit)
        .bind(last)
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            let number =
                |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i32>, _>(column)?.map(i32::unsigned_abs));
            Ok(Transition {
                audit_id: row.try_get("audit_id")?,
                position: row.try_get("position")?,
                step_index: number("step_index")?,
                step: row.try_get("step")?,
                attempt: number("attempt")?,
                at: row.try_get("at")?,
                from_state: row.try_get("from_state")?,
                to_state: row.try_get("to_state")?,
                event: row.try_get("event")?,
                actor: row.try_get("actor")?,
                reason: row.try_get("reason")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Returns the last ended execution of a step with this attempt.
    ///
    /// # Errors
    /// [`Error::NoSuchStep`] if there is none.
    pub async fn attempt(&self, task: Uuid, step: u32, attempt: u32) -> Result<AttemptRecord, Error> {
        let row = sqlx::query(
            "SELECT audit_id, attempt, at, actor, detail::text AS detail FROM tasker.audit
             WHERE task_id = $1 AND step_index = $2 AND attempt = $3 AND detail IS NOT NULL
             ORDER BY audit_id DESC LIMIT 1",
        )
        .bind(task)
        .bind(step as i32)
        .bind(i32::try_from(attempt).unwrap_or(i32::MAX))
        .fetch_optional(&self.pool)
        .await?;
        let none = || Error::NoSuchStep(format!("step {step} of task {task} has no ended attempt {attempt}"));
        attempt_record(&row.ok_or_else(none)?)
    }

    /// Returns the ended executions of a step, in order, by their audit record.
    pub async fn attempts(
        &self,
        task: Uuid,
        step: u32,
        slice: Slice<i64>,
    ) -> Result<Vec<AttemptRecord>, Error> {
        let rows = sqlx::query(
            "SELECT audit_id, attempt, at, actor, detail::text AS detail FROM tasker.audit
             WHERE task_id = $1 AND step_index = $2 AND detail IS NOT NULL AND audit_id > $3
             ORDER BY audit_id LIMIT $4",
        )
        .bind(task)
        .bind(step as i32)
        .bind(slice.after.unwrap_or(0))
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(attempt_record).collect()
    }
}

fn attempt_record(row: &PgRow) -> Result<AttemptRecord, Error> {
    Ok(AttemptRecord {
        audit_id: row.try_get("audit_id")?,
        attempt: row.try_get::<i32, _>("attempt")?.unsigned_abs(),
        at: row.try_get("at")?,
        actor: row.try_get("actor")?,
        detail: raw(&row.try_get::<String, _>("detail")?)?,
    })
}

fn no_such_step(task: Uuid, wanted: &str, release: &Release) -> Error {
    let known: Vec<String> = release.template.steps.iter().map(|step| step.name.clone()).collect();
    let hint = did_you_mean(wanted, &known);
    let why = if known.iter().any(|name| name == wanted) {
        ": the template has it, and it was not created"
    } else {
        &hint
    };
    Error::NoSuchStep(format!("task {task} has no step `{wanted}`{why}"))
}

const STEP: &str = "step_index, template_step, worker_number, state, attempt, execution, enqueued_at, started_at, \
    finished_at, next_retry_at, host, progress, last_failure::text AS last_failure, checkpoints, isolated";
const DOCUMENTS: &str = "result::text AS result, result_blob::text AS result_blob, cursor::text AS cursor, \
    checkpoint::text AS checkpoint, checkpoint_blob::text AS checkpoint_blob, checkpoint_history::text AS checkpoint_history";
const NO_DOCUMENTS: &str = "NULL AS result, NULL AS result_blob, NULL AS cursor, NULL AS checkpoint, \
    NULL AS checkpoint_blob, NULL AS checkpoint_history";

fn template_step(row: &PgRow) -> Result<usize, Error> {
    Ok(row.try_get::<i32, _>("template_step")?.unsigned_abs() as usize)
}

async fn step(
    row: &PgRow,
    task: Uuid,
    release: &Release,
    present: &[bool],
    blobs: &BlobStore,
) -> Result<StepDetail, Error> {
    let number = |column: &str| row.try_get::<i32, _>(column).map(i32::unsigned_abs);
    let json = |column: &str| -> Result<_, Error> {
        row.try_get::<Option<String>, _>(column)?.as_deref().map(raw).transpose()
    };
    let template_step = template_step(row)?;
    let fixed = release
        .steps
        .get(template_step)
        .ok_or_else(|| Error::Damaged(format!("release {} has no step {template_step}", release.id)))?;
    let declared = &release.template.steps[template_step];
    let worker: Option<i32> = row.try_get("worker_number")?;
    let parents = release.graph.parents[template_step].iter().filter(|&&parent| present[parent]);
    let state: String = row.try_get("state")?;
    let result = optional_payload(row.try_get("result")?, row.try_get("result_blob")?)?;
    let checkpoint = optional_payload(row.try_get("checkpoint")?, row.try_get("checkpoint_blob")?)?;
    Ok(StepDetail {
        task_id: task,
        step_index: number("step_index")?,
        name: step_name(&fixed.name, worker.map(i32::unsigned_abs)),
        state: StepState::from_name(&state).ok_or_else(|| Error::Damaged(format!("step state {state}")))?,
        step_type: declared.step_type,
        template_step: fixed.name.clone(),
        dependencies: parents.map(|&parent| release.steps[parent].name.clone()).collect(),
        handler: fixed.handler.callable.clone(),
        component: fixed.handler.component.clone(),
        attempt: number("attempt")?,
        max_attempts: fixed.max_attempts,
        execution: number("execution")?,
        enqueued_at: row.try_get("enqueued_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        next_retry_at: row.try_get("next_retry_at")?,
        host: row.try_get("host")?,
        progress: row.try_get("progress")?,
        result: optional_document(blobs, result).await?,
        cursor: json("cursor")?,
        checkpoints: number("checkpoints")?,
        checkpoint_history: json("checkpoint_history")?,
        checkpoint: optional_document(blobs, checkpoint).await?,
        isolated: row.try_get("isolated")?,
        last_failure: json("last_failure")?,
        withheld: Vec::new(),
    })
}

async fn optional_document(
    blobs: &BlobStore,
    payload: Option<Payload>,
) -> Result<Option<Box<RawValue>>, Error> {
    match payload {
        Some(payload) => document(blobs, payload).await.map(Some),
        None => Ok(None),
    }
}
