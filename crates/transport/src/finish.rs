//! The end of a step in one call, where the queues and the leases are one store.

use async_trait::async_trait;

use crate::{QueueError, Receipt};

/// A step that a host has finished.
#[derive(Debug, Clone, Copy)]
pub struct FinishedStep<'a> {
    /// The report.
    pub report: &'a str,
    /// The lease of the execution.
    pub lease: &'a str,
    /// The step message.
    pub receipt: &'a Receipt,
}

/// Ends steps in one call. A host without one sends the report, settles the lease and deletes the message one after the other,
/// with the same result.
#[async_trait]
pub trait Finisher: Send + Sync + 'static {
    /// Sends the reports of steps, settles their leases and deletes their messages: all of it, or nothing. May be repeated.
    async fn finish(&self, steps: &[FinishedStep<'_>], holder: &str) -> Result<(), QueueError>;
}
