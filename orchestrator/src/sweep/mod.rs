//! The sweep: recovers due retries without a timer, lost messages, and steps of dead hosts.

use std::time::{Duration, Instant};

use sqlx::{FromRow, Row as _, postgres::PgRow};
use tasker_protocol::Failure;
use tasker_telemetry::metrics;
use uuid::Uuid;

use crate::{
    database::{columns::arrays, set::sql},
    effect::Effects,
    engine::Engine,
    error::Error,
    report::Ended,
    state::StepState,
};

/// How many overdue steps one query returns.
const SWEEP_BATCH: usize = 1000;

/// A sweep that comes later than this after the last one has missed one: the database or the process was away. Sweeps by
/// visits come once a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(90);
/// How long after such a pause no host is judged. On AWS, reports that a dead function had received are visible again after
/// three minutes.
const AFTER_A_PAUSE: Duration = Duration::from_secs(200);

/// How long after the end of an execution its report counts as lost. The same time stands in `report_lost_after`, which
/// spares the question for younger steps.
const REPORT_LOST_AFTER: Duration = Duration::from_secs(300);

/// The results of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Messages sent or sent again.
    pub resent: usize,
    /// Attempts ended because their host sent no heartbeat.
    pub lost: usize,
    /// Retries that were due.
    pub due: usize,
    /// Tasks ended because they exceeded a lifecycle limit.
    pub failed: usize,
}

/// A step whose wake_at has passed.
#[derive(Debug)]
pub(crate) struct OverdueStep {
    pub(crate) task_id: Uuid,
    pub(crate) step_index: i32,
    pub(crate) execution: i32,
    pub(crate) state: String,
    pub(crate) host: Option<String>,
    /// Its message has been out for so long that its report may be lost.
    pub(crate) is_long_out: bool,
}

impl FromRow<'_, PgRow> for OverdueStep {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            task_id: row.try_get("task_id")?,
            step_index: row.try_get("step_index")?,
            execution: row.try_get("execution")?,
            state: row.try_get("state")?,
            host: row.try_get("host")?,
            is_long_out: row.try_get::<Option<bool>, _>("is_long_out")?.unwrap_or(false),
        })
    }
}

/// Measures a sweep.
fn measure(swept: &Swept, began: Instant) {
    let Some(metrics) = metrics() else { return };
    metrics.sweep_duration.took(began.elapsed(), []);
    let Swept { resent, lost, due, failed } = *swept;
    for (kind, count) in
        [("unsent", resent), ("silent_host", lost), ("due_retry", due), ("lifecycle", failed)]
    {
        metrics.sweep_found.add(count as u64, [kind.into()]);
    }
}

impl Engine {
    /// Checks all overdue steps and tasks once.
    pub async fn sweep(&self) -> Result<Swept, Error> {
        self.sweep_up(true).await
    }

    /// As [`Engine::sweep`]. If `judge_hosts` is false, no host counts as lost, and no report.
    pub(crate) async fn sweep_up(&self, judge_hosts: bool) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        let began = Instant::now();
        // A part that fails must not keep the others from their work, now and at each later sweep.
        let lifecycle = self.enforce_lifecycle().await.map(|failed| swept.failed = failed);
        let steps = self.sweep_steps(judge_hosts, &mut swept).await;
        measure(&swept, began);
        lifecycle.and(steps)?;
        Ok(swept)
    }

    async fn sweep_steps(&self, judge_hosts: bool, swept: &mut Swept) -> Result<(), Error> {
        loop {
            let overdue: Vec<OverdueStep> =
                sqlx::query_as(sql!("SELECT * FROM tasker_f.overdue_steps($1, $2)"))
                    .bind(SWEEP_BATCH as i32)
                    .bind(judge_hosts)
                    .fetch_all(&self.pool)
                    .await?;
            let full = overdue.len() == SWEEP_BATCH;
            let (mut unsent, mut lost, mut due, mut odd) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for step in overdue {
                let key = (step.task_id, step.step_index.unsigned_abs(), step.execution.unsigned_abs());
                match StepState::from_name(&step.state) {
                    Some(StepState::Enqueued) => unsent.push((key, step.is_long_out && judge_hosts)),
                    Some(StepState::InProgress) => lost.push((key, step.host)),
                    Some(StepState::WaitingForRetry) => due.push(key),
                    _ => {
                        tracing::error!(task_id = %step.task_id, step_index = step.step_index, state = step.state,
                            "a step has a wake time in a state that has none; the sweep sets it aside");
                        odd.push(key);
                    }
                }
            }
            let before = *swept;
            let set_aside = odd.len();
            let ended = self.end_lost_attempts(lost).await.map(|lost| swept.lost += lost);
            let sent = self.resend(unsent).await.map(|resent| swept.resent += resent);
            let started = self.start_due_retries(due.into_iter()).await.map(|due| swept.due += due);
            let aside = self.set_aside(odd).await;
            ended.and(sent).and(started).and(aside)?;
            if !full || (*swept == before && set_aside == 0) {
                return Ok(());
            }
        }
    }

    /// Sends steps again. `may_be_lost` marks those whose report counts as lost if a host has ended them.
    async fn resend(&self, keys: Vec<((Uuid, u32, u32), bool)>) -> Result<usize, Error> {
        if keys.is_empty() {
            return Ok(0);
        }
        let suspects: Vec<_> =
            keys.iter().filter(|(_, may_be_lost)| *may_be_lost).map(|(key, _)| *key).collect();
        let ended = self.dispatcher.ended(&suspects, REPORT_LOST_AFTER).await;
        let ended: Vec<bool> = keys.iter().map(|(key, _)| ended.contains(key)).collect();
        let (tasks, steps, executions) = arrays(keys.into_iter().map(|(key, _)| key));
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.resend_overdue($1, $2, $3, $4)"))
            .bind(tasks)
            .bind(steps)
            .bind(executions)
            .bind(ended)
            .fetch_all(&self.pool)
            .await?;
        let ready = Effects::read(&rows)?.ready;
        let count = ready.len();
        self.dispatch(ready).await;
        Ok(count)
    }

    /// Removes the wake times of steps whose state has none.
    async fn set_aside(&self, keys: Vec<(Uuid, u32, u32)>) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let (tasks, steps, executions) = arrays(keys.into_iter());
        sqlx::query(
            "UPDATE tasker.steps s SET wake_at = NULL
             FROM unnest($1::uuid[], $2::integer[], $3::integer[]) AS k (task_id, step_index, execution)
             WHERE s.task_id = k.task_id AND s.step_index = k.step_index AND s.execution = k.execution
               AND s.state NOT IN ('enqueued', 'in_progress', 'waiting_for_retry')",
        )
        .bind(tasks)
        .bind(steps)
        .bind(executions)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// For a process that sweeps from time to time: records the sweep, and returns whether hosts may be judged by their
    /// silence.
    pub(crate) async fn may_judge_hosts(&self) -> Result<bool, Error> {
        let seconds = |duration: Duration| duration.as_secs() as f64;
        Ok(sqlx::query_scalar(sql!(
            "SELECT tasker_f.may_judge_hosts(interval '1 second' * $1, interval '1 second' * $2)"
        ))
        .bind(seconds(LONGEST_PAUSE))
        .bind(seconds(AFTER_A_PAUSE))
        .fetch_one(&self.pool)
        .await?)
    }

    /// Lets no host be judged by its silence for a while, because reports were put off.
    pub(crate) async fn judge_no_host_for_now(&self) -> Result<(), Error> {
        sqlx::query(sql!(
            "UPDATE tasker.sweeps
             SET judges_from = greatest(judges_from, tasker_f.now() + interval '1 second' * $1)"
        ))
        .bind(AFTER_A_PAUSE.as_secs() as f64)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn end_lost_attempts(&self, lost: Vec<((Uuid, u32, u32), Option<String>)>) -> Result<usize, Error> {
        let ended: Vec<Ended> = lost
            .into_iter()
            .map(|((task_id, step_index, execution), host)| {
                let host = host.unwrap_or_else(|| "unknown".to_owned());
                let message =
                    format!("host `{host}` stopped sending heartbeats: its lease on the step expired");
                Ended {
                    task_id,
                    step_index,
                    execution,
                    release_id: None,
                    event: "lease_lost",
                    actor: "orchestrator".to_owned(),
                    reason: Some(message.clone()),
                    run: None,
                    continues: false,
                    after: None,
                    outcome: Err(Failure::of_host("LeaseLost", message, true)),
                    release: None,
                }
            })
            .collect();
        let (applied, keys) = self.end_attempts(&ended).await?;
        // The host may still run it, or its message may still be in the queue; a new attempt replaces it. Those whose
        // heartbeat arrived in the meantime go on.
        self.dispatcher.revoke(&keys).await;
        Ok(applied.ended)
    }

    /// Makes the sweep check all steps in flight. Call it once, before anything runs, if the queue was in the memory
    /// of a previous process.
    pub async fn expect_nothing_in_flight(&self) -> Result<u64, Error> {
        let count: i64 = sqlx::query_scalar(sql!("SELECT tasker_f.expect_nothing_in_flight()"))
            .fetch_one(&self.pool)
            .await?;
        Ok(count.unsigned_abs())
    }
}
