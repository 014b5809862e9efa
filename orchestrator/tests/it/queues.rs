//! Queues that record sent messages: the test is the transport.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tasker_transport::{Delivery, Depth, Message, Queue, QueueError, Receipt};

/// The sent messages, for the test to deliver.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    sent: Mutex<Vec<Message>>,
    longest_work: Option<Duration>,
    is_away: AtomicBool,
    /// How many calls to send there were while it was away.
    refused: AtomicU32,
}

impl Mailbox {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A queue that limits the time of the work on a message.
    pub(crate) fn with_longest_work(longest: Duration) -> Arc<Self> {
        Arc::new(Self { longest_work: Some(longest), ..Self::default() })
    }

    /// Makes the queue neither take messages nor tell its backlog, or do both again.
    pub(crate) fn be_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    /// How many calls to send there were while it was away.
    pub(crate) fn refused(&self) -> u32 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Returns the messages sent since the last call.
    pub(crate) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

#[async_trait]
impl Queue for Mailbox {
    fn max_body_bytes(&self) -> usize {
        256 << 10
    }

    fn visibility(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn longest_work(&self) -> Option<Duration> {
        self.longest_work
    }

    async fn backlog(&self) -> Result<u64, QueueError> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(QueueError::Unavailable { queue: "mailbox".to_owned(), source: "it is away".into() });
        }
        Ok(self.sent.lock().unwrap().len() as u64)
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        Ok(Depth { ready: self.backlog().await?, ..Depth::default() })
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        if self.is_away.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(QueueError::Unavailable { queue: "mailbox".to_owned(), source: "it is away".into() });
        }
        self.sent.lock().unwrap().extend(messages);
        Ok(())
    }

    /// The tests deliver messages themselves, so nothing is ever received.
    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Delivery>, QueueError> {
        std::future::pending().await
    }

    async fn extend(&self, _: &[Receipt]) -> Result<Vec<Receipt>, QueueError> {
        unreachable!("these tests deliver messages themselves")
    }

    async fn acknowledge(&self, _: &[Receipt]) -> Result<(), QueueError> {
        unreachable!("these tests deliver messages themselves")
    }

    async fn hand_back(&self, _: &[Receipt], _: Duration) -> Result<(), QueueError> {
        unreachable!("these tests deliver messages themselves")
    }
}
