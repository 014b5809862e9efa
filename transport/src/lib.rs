//! How the parts of Tasker reach each other: [`Queue`], [`LeaseStore`] and [`BlobStore`], one trait or type each and
//! one module per provider. Nothing here knows what a task is.
#![forbid(unsafe_code)]

mod blob;
mod lease;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;

pub use blob::{BlobError, BlobStore, sha256_hex};
pub use lease::{Claim, LeaseError, LeaseStore, execution_lease};
pub use memory::{MemoryLeases, MemoryQueue};
#[cfg(feature = "postgres")]
pub use postgres::{PgmqQueue, PostgresLeases, REPORTS_QUEUE, STEPS_QUEUE};
pub use queue::{Delivery, Message, Queue, QueueError, Receipt};
