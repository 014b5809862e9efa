//! Cancelling tasks.

use uuid::Uuid;

use crate::{Orchestrator, error::Error, state::TaskState};

/// What a request to cancel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// The task and this many of its steps were cancelled.
    Cancelled {
        /// How many steps.
        steps: u32,
    },
    /// It had already ended like this.
    AlreadyEnded(TaskState),
}

impl Orchestrator {
    /// Cancels a task. A handler that is running finishes, and its report is dropped.
    pub async fn cancel(&self, task: Uuid, actor: &str, reason: Option<&str>) -> Result<Cancellation, Error> {
        let (before, steps): (Option<String>, Option<i32>) =
            sqlx::query_as("SELECT o_before, o_cancelled_steps FROM tasker.cancel_task($1, $2, $3)")
                .bind(task)
                .bind(actor)
                .bind(reason)
                .fetch_one(&self.pool)
                .await?;
        let before = before.ok_or(Error::NoSuchTask(task))?;
        let before = TaskState::from_name(&before)
            .ok_or_else(|| Error::Damaged(format!("task {task} is in state {before}")))?;
        if before.is_terminal() {
            return Ok(Cancellation::AlreadyEnded(before));
        }
        self.announce(task, TaskState::Cancelled);
        Ok(Cancellation::Cancelled { steps: steps.unwrap_or(0).unsigned_abs() })
    }
}
