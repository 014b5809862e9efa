//! Leases: the right to run one attempt, held by one host at a time.

use async_trait::async_trait;

/// The name of the lease on one execution of a step, the same to whoever runs it and whoever may revoke it.
pub fn execution_lease(task_id: uuid::Uuid, step_index: u32, execution: u32) -> String {
    format!("{task_id}/{step_index}/{execution}")
}

/// Why leases could not be worked with.
#[derive(Debug, thiserror::Error)]
#[error("lease store is unavailable: {0}")]
pub struct LeaseError(#[source] pub(crate) Box<dyn std::error::Error + Send + Sync>);

/// What came of an attempt to take a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is the asker's.
    Acquired,
    /// Somebody holds it, and may yet die.
    Held,
    /// Its work is done.
    Settled,
}

/// Who may run what. A lease is a name; it is free, held until its term ends, or settled: its work is done, and
/// nobody gets it again for long enough that every copy of its message is gone.
#[async_trait]
pub trait LeaseStore: Send + Sync + 'static {
    /// Takes leases for one term. Answers for each, in order, whose it is now.
    async fn acquire(&self, leases: &[String], holder: &str) -> Result<Vec<Claim>, LeaseError>;

    /// Prolongs leases to one full term from now; one that the store has forgotten is the holder's again. False: it is
    /// somebody else's or settled, stop the work.
    async fn renew(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError>;

    /// The work is done.
    async fn settle(&self, leases: &[String], holder: &str) -> Result<(), LeaseError>;

    /// Nobody wants the work any more, done or not: its holder will see that it does not have it, and nobody gets it.
    async fn revoke(&self, leases: &[String]) -> Result<(), LeaseError>;

    /// Whether the holder has them. Only looks.
    async fn holds(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError>;

    /// Gives leases back unused.
    async fn release(&self, leases: &[String], holder: &str) -> Result<(), LeaseError>;
}
