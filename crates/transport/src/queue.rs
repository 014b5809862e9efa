//! The queue that every provider implements: at least once, in no particular order.

use std::time::Duration;

use async_trait::async_trait;

/// A message to send.
#[derive(Debug, Clone)]
pub struct Message {
    /// The text, at most [`Queue::max_body_bytes`] long.
    pub body: String,
    /// How long nobody shall see it.
    pub delay: Duration,
    /// Whose message it is, for queues that share capacity fairly between groups.
    pub group: Option<String>,
    /// How long the work may take that it asks for, where that is known.
    pub work: Option<Duration>,
}

impl Message {
    /// A message to be seen at once.
    pub fn now(body: String) -> Self {
        Self { body, delay: Duration::ZERO, group: None, work: None }
    }
}

/// A message received. It stays invisible to others for the queue's visibility time, and comes back after it
/// unless it is acknowledged.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The text.
    pub body: String,
    /// Names this delivery towards the queue.
    pub receipt: Receipt,
    /// How often the message has been received, this time included.
    pub receive_count: u32,
}

/// Names one delivery of one message; a later delivery of the same message has another receipt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(pub(crate) String);

impl Receipt {
    /// The receipt of a message that somebody else received, by the name that they know it by.
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A queue.
///
/// Messages may come twice and in any order. A receipt is only good until its visibility time ends: what the queue
/// has given to somebody else can be neither acknowledged nor extended nor handed back, and such receipts are passed
/// over.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// The longest body that one message may have, in bytes. Larger ones go by claim check.
    fn max_body_bytes(&self) -> usize;

    /// The longest delay that a message may have; a longer one ends early.
    fn max_delay(&self) -> Duration {
        Duration::MAX
    }

    /// How often a message is received before the queue puts it aside itself, if it does.
    fn max_receives(&self) -> Option<u32> {
        None
    }

    /// How long a received message stays invisible to others.
    fn visibility(&self) -> Duration;

    /// About how many messages wait to be received.
    async fn backlog(&self) -> Result<u64, QueueError>;

    /// Sends all messages, or none that the error does not speak of.
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError>;

    /// Receives what is there, up to `max` messages. Waits for the first one up to `wait`; never waits to fill.
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError>;

    /// Waits for receives that were given up and are under way all the same; what they get is handed back. For before the
    /// process ends: after it, nobody else would see those messages until their visibility time is over.
    async fn end_receiving(&self) {}

    /// Prolongs the visibility time to one full term from now. Answers the receipts that were still good.
    async fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, QueueError>;

    /// The messages are done with.
    async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError>;

    /// Gives messages back, for others to see after `delay`.
    async fn hand_back(&self, receipts: &[Receipt], delay: Duration) -> Result<(), QueueError>;
}

/// Why a queue did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The provider could not be reached or failed; the same call may succeed later.
    #[error("queue {queue} is unavailable: {source}")]
    Unavailable {
        /// The queue.
        queue: String,
        /// What the provider said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The queue holds as much as it may. Nothing was sent.
    #[error("queue {queue} is full ({capacity} messages)")]
    Full {
        /// The queue.
        queue: String,
        /// How many messages it may hold.
        capacity: usize,
    },
    /// A body is longer than the queue takes. Nothing was sent.
    #[error("a message of {size} bytes is longer than queue {queue} takes ({limit} bytes)")]
    TooLong {
        /// The queue.
        queue: String,
        /// The body's length in bytes.
        size: usize,
        /// The longest allowed, in bytes.
        limit: usize,
    },
}
