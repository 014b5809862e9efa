//! What a host does with its queues and its leases together. Where both are in one store, it is one call.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Claim, Delivery, LeaseError, QueueError, Receipt};

/// A step message, and the lease that came with it.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The message.
    pub delivery: Delivery,
    /// Its lease, and the result of taking it. None if the host must take it itself: an earlier release sent the message,
    /// or the call came late to the store, whose leases may have ended while it was away.
    pub claim: Option<(String, Claim)>,
}

/// A step that a host has finished.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// The report.
    pub report: &'a str,
    /// The lease of the execution.
    pub lease: &'a str,
    /// The step message.
    pub receipt: &'a Receipt,
}

/// Operations that a store with both queues and the leases does in one call. A host without one calls the queues'
/// ([`crate::Queue`]) and the leases' ([`crate::LeaseStore`]), with the same result.
#[async_trait]
pub trait StepExchange: Send + Sync + 'static {
    /// Receives up to `max` steps and takes their leases for `holder`. Waits up to `wait` for the first.
    async fn take(&self, max: usize, wait: Duration, holder: &str) -> Result<Vec<Taken>, QueueError>;

    /// Gives leases back to the store as if `holder` had not taken them, because it did not look at their steps.
    async fn give_back(&self, leases: &[String], holder: &str) -> Result<(), LeaseError>;

    /// Sends the reports of steps, settles their leases and deletes their messages: all of it, or nothing.
    async fn finish(&self, finished: &[Finished<'_>], holder: &str) -> Result<(), QueueError>;
}
