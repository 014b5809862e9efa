//! Retries: sends the timers, and starts attempts that are due.

use std::time::Duration;

use tasker_protocol::{OrchestratorMessage, StepDue, VERSION, encode};
use tasker_transport::{Message, QueueError};
use uuid::Uuid;

use crate::{
    database::{columns::arrays, set::sql},
    effect::Effects,
    engine::Engine,
    error::Error,
};

impl Engine {
    /// Enqueues the next attempt of steps whose retry is due. Sends a new timer for those that are early.
    pub(crate) async fn start_due_retries(
        &self,
        keys: impl Iterator<Item = (Uuid, u32, u32)>,
    ) -> Result<usize, Error> {
        let (tasks, steps, executions) = arrays(keys);
        if tasks.is_empty() {
            return Ok(0);
        }
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.start_due_retries($1, $2, $3)"))
            .bind(tasks)
            .bind(steps)
            .bind(executions)
            .fetch_all(&self.pool)
            .await?;
        let effects = Effects::read(&rows)?;
        let early = effects.verdicts.iter().map(|verdict| {
            let wait = verdict.retry_in.unwrap_or(Duration::from_secs(1));
            due_message(verdict.task_id, verdict.step_index, verdict.execution, wait)
        });
        self.set_timers(early.collect()).await;
        let count = effects.ready.len();
        self.dispatch(effects.ready).await;
        Ok(count)
    }

    /// Sends the timer messages of retries. The sweep finds steps whose timer was lost or exceeds the queue's maximum
    /// delay.
    pub(crate) async fn set_timers(&self, mut due: Vec<Message>) {
        let longest = self.reports.max_delay();
        due.retain(|message| message.delay <= longest);
        if due.is_empty() {
            return;
        }
        let Ok(pass) = self.breakers.queue.admit() else { return };
        let sent = self.reports.send(due).await;
        pass.ended(matches!(sent, Err(QueueError::Unavailable { .. })));
        if let Err(error) = sent {
            tracing::warn!(%error, "retry timers could not be sent; the sweep will find the steps");
        }
    }
}

/// Builds the timer message of a retry.
pub(crate) fn due_message(task_id: Uuid, step_index: u32, execution: u32, wait: Duration) -> Message {
    let due = OrchestratorMessage::Due(StepDue { version: VERSION, task_id, step_index, execution });
    Message { body: encode(&due), delay: wait, group: None, work: None }
}
