//! A PGMQ queue. `LISTEN` wakes the receiver; polling covers lost notifications.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tasker_pool::Pool;
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    table::{Durability, Read, Table},
    wake::Wake,
};
use crate::{
    Delivery, Message, Queue, QueueError, Receipt,
    receives::{Receives, receipts},
};

/// The queue of steps to run.
pub const STEPS_QUEUE: &str = "tasker_steps";
/// The queue of reports to the orchestrator.
pub const REPORTS_QUEUE: &str = "tasker_reports";

/// The polling interval. A notification may be lost with its connection.
const POLL: Duration = Duration::from_secs(1);

/// A PGMQ queue.
#[derive(Debug)]
pub struct PgmqQueue {
    pub(super) table: Table,
    pub(super) receives: Receives,
    pub(super) wake: Wake,
    arrived: Arc<Notify>,
    listener: Option<JoinHandle<()>>,
}

impl PgmqQueue {
    /// A queue to send to. Must be called in a runtime.
    pub fn sender(
        pool: impl Into<Pool>,
        name: &'static str,
        visibility: Duration,
        durability: Durability,
    ) -> Self {
        let table = Table::new(pool.into(), name, visibility, durability);
        let wake = Wake::new(table.pool.clone(), name);
        Self { table, receives: Receives::default(), wake, arrived: Arc::default(), listener: None }
    }

    /// A queue to receive from. Keeps one connection open for `LISTEN`.
    pub fn receiver(
        pool: impl Into<Pool>,
        name: &'static str,
        visibility: Duration,
        durability: Durability,
    ) -> Self {
        let mut queue = Self::sender(pool, name, visibility, durability);
        let listener = listen(queue.table.pool.clone(), name, Arc::clone(&queue.arrived));
        queue.listener = Some(tokio::spawn(listener));
        queue
    }

    /// Calls `read` until it returns messages, or `wait` is over: when a message arrives, and when a hidden one becomes
    /// visible.
    pub(super) async fn wait_for<'a, T: Send>(
        &'a self,
        wait: Duration,
        mut read: impl FnMut() -> BoxFuture<'a, Result<Read<T>, QueueError>> + Send,
    ) -> Result<Vec<T>, QueueError> {
        let give_up = tokio::time::Instant::now() + wait;
        loop {
            let arrived = self.arrived.notified();
            let (messages, until_next) = read().await?;
            let now = tokio::time::Instant::now();
            if !messages.is_empty() || now >= give_up {
                return Ok(messages);
            }
            let next = until_next.unwrap_or(POLL).clamp(Duration::from_millis(1), POLL);
            let _ = tokio::time::timeout_at((now + next).min(give_up), arrived).await;
        }
    }
}

impl Drop for PgmqQueue {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

/// Wakes the receiver when a message arrives. Reconnects after errors.
async fn listen(pool: Pool, name: &'static str, arrived: Arc<Notify>) {
    loop {
        if let Err(error) = listen_once(&pool, name, &arrived).await {
            tracing::warn!(queue = name, %error, "lost the LISTEN connection; polling until it is back");
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn listen_once(pool: &Pool, name: &str, arrived: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = pool.listener().await?;
    listener.listen(name).await?;
    // Messages may have arrived before `LISTEN`.
    arrived.notify_one();
    loop {
        listener.recv().await?;
        arrived.notify_one();
    }
}

#[async_trait]
impl Queue for PgmqQueue {
    fn max_body_bytes(&self) -> usize {
        // PostgreSQL accepts far more, but larger rows cost more than a blob.
        256 << 10
    }

    fn visibility(&self) -> Duration {
        self.table.visibility
    }

    async fn backlog(&self) -> Result<u64, QueueError> {
        self.table.backlog().await
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let limit = self.max_body_bytes();
        if let Some(long) = messages.iter().find(|message| message.body.len() > limit) {
            return Err(QueueError::TooLong {
                queue: self.table.name.to_owned(),
                size: long.body.len(),
                limit,
            });
        }
        let (mut bodies, mut delays, mut leases) = (Vec::new(), Vec::new(), Vec::new());
        for message in messages {
            bodies.push(message.body);
            delays.push(message.delay.as_millis() as i64);
            leases.push(message.lease);
        }
        self.table.send(bodies, delays, leases).await?;
        self.wake.receivers();
        Ok(())
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        self.receive_after(&[], max, wait).await
    }

    async fn receive_after(
        &self,
        done: &[Receipt],
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let mut done = Some(done.to_vec());
        self.wait_for(wait, || {
            let done = done.take().unwrap_or_default();
            Box::pin(async move {
                let (reader, owner) = (self.table.clone(), self.table.clone());
                let read = self.receives.run(
                    async move { reader.acknowledge_and_read(&done, max).await },
                    |(deliveries, _): &Read<Delivery>| receipts(deliveries),
                    async move |receipts: Vec<Receipt>| {
                        owner.set_visible_in(&receipts, Duration::ZERO).await.map(drop)
                    },
                );
                read.await.unwrap_or_else(|| Ok((Vec::new(), None)))
            })
        })
        .await
    }

    async fn end_receiving(&self) {
        self.receives.end().await;
    }

    async fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, QueueError> {
        self.table.set_visible_in(receipts, self.table.visibility).await
    }

    async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        self.table.acknowledge(receipts).await
    }

    async fn hand_back(&self, receipts: &[Receipt], delay: Duration) -> Result<(), QueueError> {
        self.table.set_visible_in(receipts, delay).await?;
        self.wake.receivers();
        Ok(())
    }
}
