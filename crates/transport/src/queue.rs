//! The queue interface: at-least-once delivery, no ordering.

use std::time::Duration;

use async_trait::async_trait;

/// A message to send.
#[derive(Debug, Clone)]
pub struct Message {
    /// The body, at most [`Queue::max_body_bytes`] bytes.
    pub body: String,
    /// How long the message stays invisible after it is sent.
    pub delay: Duration,
    /// The group, for queues that share capacity fairly between groups.
    pub group: Option<String>,
    /// The expected duration of the work, if known.
    pub work: Option<Duration>,
}

impl Message {
    /// A message without delay.
    pub fn now(body: String) -> Self {
        Self { body, delay: Duration::ZERO, group: None, work: None }
    }
}

/// A received message. It stays invisible to others for the visibility timeout and is delivered again
/// afterwards unless it is acknowledged.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The body.
    pub body: String,
    /// Identifies this delivery.
    pub receipt: Receipt,
    /// How often the message has been received, including this time.
    pub receive_count: u32,
}

/// How many messages a queue holds, approximately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Those that wait to be received.
    pub ready: u64,
    /// Those that nobody may receive yet, because they were sent with a delay.
    pub delayed: u64,
    /// Those that were received and are not acknowledged, or wait to be received again.
    pub in_flight: u64,
    /// For how long the oldest of those that wait has been there, if the queue knows.
    pub oldest: Option<Duration>,
}

impl std::ops::Add for Depth {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            ready: self.ready + other.ready,
            delayed: self.delayed + other.delayed,
            in_flight: self.in_flight + other.in_flight,
            oldest: self.oldest.max(other.oldest),
        }
    }
}

/// Identifies one delivery of one message. A later delivery of the same message has another receipt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(pub(crate) String);

impl Receipt {
    /// The receipt of a message that was received outside this crate, by its identifier there.
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The identifier.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A queue.
///
/// Messages may arrive twice and in any order. A receipt is valid until its visibility timeout ends. Once the
/// queue has delivered the message to another receiver, the old receipt can neither acknowledge nor extend
/// nor hand back; operations skip such receipts.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// The longest message body, in bytes. Longer messages go by claim check.
    fn max_body_bytes(&self) -> usize;

    /// The longest delay. A longer one is cut to this.
    fn max_delay(&self) -> Duration {
        Duration::MAX
    }

    /// After how many receives the queue itself moves a message to its dead-letter queue. None if it has
    /// none.
    fn max_receives(&self) -> Option<u32> {
        None
    }

    /// How long a received message stays invisible to others.
    fn visibility(&self) -> Duration;

    /// How long the work on one message may take, if the queue limits that.
    fn longest_work(&self) -> Option<Duration> {
        None
    }

    /// The approximate number of messages that wait to be received.
    async fn backlog(&self) -> Result<u64, QueueError>;

    /// How many messages there are, by what they wait for. A queue may count only the oldest 100,000.
    async fn depth(&self) -> Result<Depth, QueueError>;

    /// Sends every message. On error, some may have been sent, except where [`QueueError`] states that none
    /// was.
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError>;

    /// Receives up to `max` messages. Waits up to `wait` for the first; does not wait for more.
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError>;

    /// Acknowledges messages, then receives. Where the provider can, in one call, which fails as a whole. Elsewhere a failed
    /// acknowledgement does not keep the caller from receiving: its messages are received again.
    async fn receive_after(
        &self,
        done: &[Receipt],
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        if !done.is_empty()
            && let Err(error) = self.acknowledge(done).await
        {
            tracing::warn!(%error, "messages could not be acknowledged; they will be received again");
        }
        self.receive(max, wait).await
    }

    /// Waits for cancelled receives that are still running and hands their messages back. Call it before the
    /// process ends; otherwise those messages stay invisible until their visibility timeout.
    async fn end_receiving(&self) {}

    /// Extends the visibility timeout to one full term from now. Returns the receipts that were still valid.
    async fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, QueueError>;

    /// Deletes messages whose work is done.
    async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError>;

    /// Returns messages to the queue; they become visible after `delay`.
    async fn hand_back(&self, receipts: &[Receipt], delay: Duration) -> Result<(), QueueError>;

    /// Returns messages to the queue that failed for a reason outside them, such as a database that is away. They become
    /// visible after `delay`. A message that is close to [`Queue::max_receives`] is replaced by a copy, which starts at
    /// its first receive, so that an outage never moves a message to the dead-letter queue. The caller must be allowed to
    /// send to the queue.
    async fn put_off(&self, deliveries: Vec<Delivery>, delay: Duration) -> Result<(), QueueError> {
        let limit = self.max_receives().unwrap_or(u32::MAX);
        // One receive more is left for a copy that cannot be sent now.
        let (worn, fresh): (Vec<Delivery>, Vec<Delivery>) =
            deliveries.into_iter().partition(|delivery| delivery.receive_count.saturating_add(2) >= limit);
        let receipts =
            |deliveries: &[Delivery]| deliveries.iter().map(|delivery| delivery.receipt.clone()).collect();
        let (mut returned, worn_receipts): (Vec<Receipt>, Vec<Receipt>) = (receipts(&fresh), receipts(&worn));
        if !worn.is_empty() {
            let copy = |delivery: Delivery| Message { delay, ..Message::now(delivery.body) };
            match self.send(worn.into_iter().map(copy).collect()).await {
                Ok(()) => self.acknowledge(&worn_receipts).await?,
                Err(error) => {
                    tracing::warn!(%error, "messages could not be renewed; handing them back");
                    returned.extend(worn_receipts);
                }
            }
        }
        if returned.is_empty() { Ok(()) } else { self.hand_back(&returned, delay).await }
    }
}

/// How long to put off a message that has been received this often, while something outside it is away: a few seconds at
/// first, and never so long that it would wait for half a minute after the return.
pub fn outage_delay(receive_count: u32) -> Duration {
    Duration::from_secs(1 << receive_count.clamp(1, 5)).min(LONGEST_OUTAGE_DELAY)
}

/// The longest delay of [`outage_delay`].
pub const LONGEST_OUTAGE_DELAY: Duration = Duration::from_secs(25);

/// Why a queue operation failed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The provider could not be reached or failed. The same call may succeed later.
    #[error("queue {queue} is unavailable: {source}")]
    Unavailable {
        /// The queue.
        queue: String,
        /// The provider's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The queue is full. Nothing was sent.
    #[error("queue {queue} is full ({capacity} messages)")]
    Full {
        /// The queue.
        queue: String,
        /// The maximum number of messages.
        capacity: usize,
    },
    /// A body is too long for the queue. Nothing was sent.
    #[error("a message of {size} bytes exceeds the limit of queue {queue} ({limit} bytes)")]
    TooLong {
        /// The queue.
        queue: String,
        /// The length of the body, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
}
