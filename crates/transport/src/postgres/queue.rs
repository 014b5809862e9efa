//! A PGMQ queue. `LISTEN` wakes the receiver; polling covers lost notifications.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tasker_pool::Pool;
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    table::{Durability, Read, Table},
    wake::Wake,
};
use crate::{Delivery, Depth, Message, Queue, QueueError, Receipt, receives::Receives};

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
    receives: Receives,
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

    async fn depth(&self) -> Result<Depth, QueueError> {
        self.table.depth().await
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
        let (bodies, delays) =
            messages.into_iter().map(|message| (message.body, message.delay.as_millis() as i64)).unzip();
        self.table.send(bodies, delays).await?;
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
        let give_up = tokio::time::Instant::now() + wait;
        let mut done = done.to_vec();
        loop {
            let arrived = self.arrived.notified();
            let (reader, owner, done) = (self.table.clone(), self.table.clone(), std::mem::take(&mut done));
            let read = self.receives.run(
                async move { reader.acknowledge_and_read(&done, max).await },
                |(deliveries, _): &Read| deliveries,
                async move |receipts: Vec<Receipt>| {
                    owner.set_visible_in(&receipts, Duration::ZERO).await.map(drop)
                },
            );
            let (deliveries, until_next) = read.await.unwrap_or_else(|| Ok((Vec::new(), None)))?;
            let now = tokio::time::Instant::now();
            if !deliveries.is_empty() || now >= give_up {
                return Ok(deliveries);
            }
            let next = until_next.unwrap_or(POLL).clamp(Duration::from_millis(1), POLL);
            let _ = tokio::time::timeout_at((now + next).min(give_up), arrived).await;
        }
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
