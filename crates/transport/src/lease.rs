//! Leases: the right to run one execution, held by one host at a time.

use std::time::Duration;

use async_trait::async_trait;

/// The lease name of one execution of a step: `<task id>/<step index>/<execution>`.
pub fn execution_lease(task_id: uuid::Uuid, step_index: u32, execution: u32) -> String {
    format!("{task_id}/{step_index}/{execution}")
}

/// How long a store remembers that a holder lost a lease. Longer than its message can be invisible: half an hour in SQS.
pub(crate) const LOSSES_REMEMBERED: Duration = Duration::from_secs(3600);

/// Why an operation on leases failed.
#[derive(Debug, thiserror::Error)]
#[error("lease store is unavailable: {0}")]
pub struct LeaseError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The result of an attempt to take a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The caller holds it now. So many holders before it neither released nor settled it: each died, or was cut off.
    Acquired {
        /// The number of those holders.
        lost: u32,
    },
    /// Another host holds it. It may still fail.
    Held,
    /// The work is done.
    Settled,
}

/// A store of leases. A lease is a name. It is free, held until its term ends, or settled: its work is done,
/// and nobody gets it again until all copies of its message are gone.
#[async_trait]
pub trait LeaseStore: Send + Sync + 'static {
    /// Takes leases for one term. Returns the result for each, in order.
    async fn acquire(&self, leases: &[String], holder: &str) -> Result<Vec<Claim>, LeaseError>;

    /// Extends leases to one full term from now. A lease that the store has lost returns to the holder.
    /// Returns false for a lease that has another holder or is settled: stop the work.
    async fn renew(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError>;

    /// Marks the work as done.
    async fn settle(&self, leases: &[String], holder: &str) -> Result<(), LeaseError>;

    /// Revokes leases, whether their work is done or not: the current holder loses them and nobody can take
    /// them.
    async fn revoke(&self, leases: &[String]) -> Result<(), LeaseError>;

    /// Whether the holder still has each lease. Changes nothing.
    async fn holds(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError>;

    /// Whether a holder has marked the work of each lease as done at least this long ago. False for a revoked lease.
    async fn are_settled(&self, leases: &[String], since: Duration) -> Result<Vec<bool>, LeaseError>;

    /// Releases leases whose work was not started. Forgets how many holders lost them.
    async fn release(&self, leases: &[String], holder: &str) -> Result<(), LeaseError>;
}
