//! Wakes the receivers of a PGMQ queue after messages were sent.
//!
//! In a statement of its own: PostgreSQL commits one transaction with a notification at a time, and a transaction that sends
//! messages waits for the disk. Wakes that come close together become one. A lost one costs a receiver the time until it
//! polls.

use std::sync::Arc;

use tasker_pool::Pool;
use tokio::{sync::Notify, task::JoinHandle};

/// Wakes the receivers of one queue. Must be created in a runtime.
#[derive(Debug)]
pub(super) struct Wake {
    sent: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Wake {
    pub(super) fn new(pool: Pool, queue: &'static str) -> Self {
        let sent = Arc::<Notify>::default();
        Self { task: tokio::spawn(notify(pool, queue, Arc::clone(&sent))), sent }
    }

    /// Wakes the receivers soon.
    pub(super) fn receivers(&self) {
        self.sent.notify_one();
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn notify(pool: Pool, queue: &'static str, sent: Arc<Notify>) {
    loop {
        sent.notified().await;
        let notified = sqlx::query(
            "SELECT pg_notify($1, '') WHERE set_config('synchronous_commit', 'off', true) = 'off'",
        )
        .bind(queue)
        .execute(&pool)
        .await;
        if let Err(error) = notified {
            tracing::debug!(queue, %error, "receivers were not woken; they poll");
        }
    }
}
