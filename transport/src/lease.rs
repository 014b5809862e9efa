//! Leases: the right to run one attempt, held by one host at a time.

use async_trait::async_trait;

/// Why leases could not be worked with.
#[derive(Debug, thiserror::Error)]
#[error("lease store is unavailable: {0}")]
pub struct LeaseError(#[source] pub(crate) Box<dyn std::error::Error + Send + Sync>);

/// Who may run what. A lease is a name; it is free, held until its term ends, or settled: its work is done, and
/// nobody gets it again for long enough that every copy of its message is gone.
#[async_trait]
pub trait LeaseStore: Send + Sync + 'static {
    /// Takes leases for one term. Answers, for each in order, whether it is now held by `holder`.
    async fn acquire(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError>;

    /// Prolongs leases to one full term from now. False: it was lost, stop the work.
    async fn renew(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError>;

    /// The work is done.
    async fn settle(&self, leases: &[String], holder: &str) -> Result<(), LeaseError>;

    /// Gives leases back unused.
    async fn release(&self, leases: &[String], holder: &str) -> Result<(), LeaseError>;
}
