//! The end of a step in one call, where the queues and the leases are one store.

use async_trait::async_trait;

use crate::{Claim, QueueError, Receipt};

/// A step that a host has finished.
#[derive(Debug, Clone, Copy)]
pub struct FinishedStep<'a> {
    /// The report.
    pub report: &'a str,
    /// The lease of the execution.
    pub lease: &'a str,
    /// The step message. None if the host went on with the step.
    pub receipt: Option<&'a Receipt>,
    /// The lease of the next execution, if the host goes on with one.
    pub next: Option<&'a str>,
}

/// Ends steps in one call. A host without one sends the report, settles the lease, deletes the message and takes the next lease
/// one after the other, with the same result.
#[async_trait]
pub trait Finisher: Send + Sync + 'static {
    /// Sends the reports of steps, settles their leases, deletes their messages, and takes the leases of the next executions
    /// for one term: all of it, or nothing. May be repeated. Returns the claims on these leases, in order: held, if it could not
    /// be taken.
    async fn finish(&self, steps: &[FinishedStep<'_>], holder: &str) -> Result<Vec<Claim>, QueueError>;
}
