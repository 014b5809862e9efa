//! How the parts of Tasker reach each other: [`Queue`], [`LeaseStore`] and [`BlobStore`], one trait or type each and
//! one module per provider. Nothing here knows what a task is.
#![forbid(unsafe_code)]

mod blob;
mod lease;
mod memory;
mod outlet;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
#[cfg(feature = "webhook")]
mod webhook;

pub use blob::{BlobError, BlobStore, hex, sha256_hex};
pub use lease::{Claim, LeaseError, LeaseStore, execution_lease};
pub use memory::{MemoryLeases, MemoryQueue};
pub use outlet::{DeliveryError, OutgoingEvent, Outlet};
#[cfg(feature = "postgres")]
pub use postgres::{PgmqOutlet, PgmqQueue, PostgresLeases, REPORTS_QUEUE, STEPS_QUEUE};
pub use queue::{Delivery, Message, Queue, QueueError, Receipt};
#[cfg(feature = "webhook")]
pub use webhook::{WebhookOutlet, signature as webhook_signature};
