//! The sweep: recovers due retries without a timer, lost messages, and steps of dead hosts.

use sqlx::{FromRow, Row as _, postgres::PgRow};
use tasker_protocol::Failure;
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
}

impl FromRow<'_, PgRow> for OverdueStep {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            task_id: row.try_get("task_id")?,
            step_index: row.try_get("step_index")?,
            execution: row.try_get("execution")?,
            state: row.try_get("state")?,
            host: row.try_get("host")?,
        })
    }
}

impl Engine {
    /// Checks all overdue steps and tasks once.
    pub async fn sweep(&self) -> Result<Swept, Error> {
        self.sweep_up(true).await
    }

    /// As [`Engine::sweep`]. If `judge_hosts` is false, no host counts as lost.
    pub(crate) async fn sweep_up(&self, judge_hosts: bool) -> Result<Swept, Error> {
        let mut swept = Swept { failed: self.enforce_lifecycle().await?, ..Swept::default() };
        loop {
            let overdue: Vec<OverdueStep> = sqlx::query_as(sql!("SELECT * FROM tasker_f.overdue_steps($1)"))
                .bind(SWEEP_BATCH as i32)
                .fetch_all(&self.pool)
                .await?;
            let full = overdue.len() == SWEEP_BATCH;
            let (mut unsent, mut lost, mut due) = (Vec::new(), Vec::new(), Vec::new());
            for step in overdue {
                let key = (step.task_id, step.step_index.unsigned_abs(), step.execution.unsigned_abs());
                match StepState::from_name(&step.state) {
                    Some(StepState::Enqueued) => unsent.push(key),
                    Some(StepState::InProgress) if judge_hosts => lost.push((key, step.host)),
                    Some(StepState::InProgress) => {}
                    Some(StepState::WaitingForRetry) => due.push(key),
                    _ => {
                        return Err(Error::Damaged(format!(
                            "step {} of task {} has a wake time in state {}",
                            step.step_index, step.task_id, step.state
                        )));
                    }
                }
            }
            let progress = self.end_lost_attempts(lost).await?;
            swept.lost += progress;
            let resent = self.resend(unsent).await?;
            swept.resent += resent;
            let started = self.start_due_retries(due.into_iter()).await?;
            swept.due += started;
            if !full || progress + resent + started == 0 {
                return Ok(swept);
            }
        }
    }

    async fn resend(&self, keys: Vec<(Uuid, u32, u32)>) -> Result<usize, Error> {
        if keys.is_empty() {
            return Ok(0);
        }
        let (tasks, steps, executions) = arrays(keys.into_iter());
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.resend_overdue($1, $2, $3)"))
            .bind(tasks)
            .bind(steps)
            .bind(executions)
            .fetch_all(&self.pool)
            .await?;
        let ready = Effects::read(&rows)?.ready;
        let count = ready.len();
        self.dispatch(ready).await;
        Ok(count)
    }

    async fn end_lost_attempts(&self, lost: Vec<((Uuid, u32, u32), Option<String>)>) -> Result<usize, Error> {
        let keys: Vec<_> = lost.iter().map(|(key, _)| *key).collect();
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
                    outcome: Err(Failure::of_host("LeaseLost", message, true)),
                }
            })
            .collect();
        let ended_now = self.end_attempts(&ended).await?.ended;
        // The host may still run it, or its message may still be in the queue; a new attempt replaces it.
        self.dispatcher.revoke(&keys).await;
        Ok(ended_now)
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
