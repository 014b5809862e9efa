//! How the parts of Tasker reach each other: [`Queue`], [`LeaseStore`] and [`BlobStore`], one trait or type each and
//! one module per provider. Nothing here knows what a task is.
#![forbid(unsafe_code)]

#[cfg(feature = "aws")]
pub mod aws;
mod blob;
mod delivered;
mod lease;
mod memory;
mod outlet;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
mod route;
#[cfg(feature = "webhook")]
mod webhook;

pub use blob::{BlobError, BlobStore, hex, sha256_hex};
pub use delivered::DeliveredQueue;
pub use lease::{Claim, LeaseError, LeaseStore, execution_lease};
pub use memory::{MemoryLeases, MemoryQueue};
pub use outlet::{DeliveryError, OutgoingEvent, Outlet};
#[cfg(feature = "postgres")]
pub use postgres::{PgmqOutlet, PgmqQueue, PostgresLeases, REPORTS_QUEUE, STEPS_QUEUE};
pub use queue::{Delivery, Message, Queue, QueueError, Receipt};
pub use route::RoutedQueue;
#[cfg(feature = "webhook")]
pub use webhook::{WebhookOutlet, signature as webhook_signature};
