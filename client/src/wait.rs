//! Waiting for a task, and what came of it.

use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::{self, Instant};

use crate::{
    error::{Error, Result},
    state::TaskState,
    task::TaskHandle,
    types::TaskDetail,
    watch::TaskEvent,
};

/// Errors that another way of asking meets, too.
const DEFINITE: [&str; 5] =
    ["unauthenticated", "forbidden", "no_such_task", "invalid_request", "invalid_call"];

/// A task at rest: it has ended, or is blocked by failures.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskOutcome {
    /// The task.
    pub task: TaskDetail,
    handle: TaskHandle,
}

impl TaskOutcome {
    /// Whether the task completed.
    pub fn is_complete(&self) -> bool {
        self.task.status == TaskState::Complete
    }

    /// How the task ended.
    pub fn status(&self) -> &TaskState {
        &self.task.status
    }

    /// The result of a completed step, read into a type: fetched now, whatever its length. Needs `tasks:context_read`.
    pub async fn result<T: DeserializeOwned>(&self, step: &str) -> Result<T> {
        self.handle.result(step).await
    }

    /// The task, to look further into it.
    pub fn handle(&self) -> &TaskHandle {
        &self.handle
    }
}

impl TaskHandle {
    /// Waits until the task is at rest: ended, or blocked by failures. It follows the task's stream, goes on where a
    /// connection broke, and asks with `wait_seconds` where streams do not get through.
    ///
    /// Fails with [`Error::WaitTimedOut`] if the task is not at rest in this time; the task goes on.
    pub async fn wait(&self, patience: Duration) -> Result<TaskOutcome> {
        let start = Instant::now();
        match time::timeout(patience, self.follow()).await {
            Ok(Err(error)) if DEFINITE.contains(&error.code()) => return Err(error),
            Ok(Err(error)) => tracing::debug!(%error, "the task cannot be followed; requests wait instead"),
            Ok(Ok(())) | Err(_) => {}
        }
        loop {
            let left = patience.saturating_sub(start.elapsed());
            let task = self.get_at_rest(left).await?;
            if task.status.is_at_rest() {
                return Ok(TaskOutcome { task, handle: self.clone() });
            }
            if left.is_zero() {
                return Err(Error::WaitTimedOut { task_id: self.id(), state: task.status, after: patience });
            }
        }
    }

    /// Returns when the task is at rest.
    async fn follow(&self) -> Result<()> {
        let mut events = self.watch();
        while let Some(event) = events.next().await {
            if let TaskEvent::Task(change) = event?
                && TaskState::from(change.to_state.as_str()).is_at_rest()
            {
                break;
            }
        }
        Ok(())
    }
}
