//! The infrastructure behind Tasker: [`Queue`], [`LeaseStore`], [`KeyValueStore`], [`BlobStore`] and
//! [`Outlet`], each a trait or type with one module per provider. This crate does not depend on tasks or
//! steps.
#![forbid(unsafe_code)]

#[cfg(feature = "aws")]
pub mod aws;
mod blob;
mod breaker;
#[cfg(feature = "s3")]
mod bucket;
#[cfg(feature = "webhook")]
mod courier;
mod delivered;
mod finish;
mod here;
mod key_value;
mod lease;
mod link;
mod memory;
mod outlet;
#[cfg(feature = "s3")]
mod patience;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
#[cfg(any(feature = "aws", feature = "postgres"))]
mod receives;
mod route;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "webhook")]
mod webhook;

pub use blob::{BlobError, BlobStore, INLINE_PAYLOAD, Opened, hex, sha256_hex};
pub use breaker::{Breaker, BreakerSettings, Clock, Condition, Pass, Paused};
#[cfg(feature = "webhook")]
pub use courier::{Courier, HandOver};
pub use delivered::DeliveredQueue;
pub use finish::{FinishedStep, Finisher};
pub use here::is_here;
pub use key_value::{
    BUCKET_BYTES, Entry, KEYS_PER_PAGE, KeyPage, KeyValueError, KeyValueStore, MAX_ANSWER_BYTES,
    MAX_KEY_BYTES, MAX_VALUE_BYTES, bucket_of_namespace,
};
pub use lease::{Claim, LeaseError, LeaseStore, execution_lease};
pub use memory::{MemoryKeyValues, MemoryLeases, MemoryQueue};
pub use outlet::{DeliveryError, OutgoingEvent, Outlet, Sent};
#[cfg(feature = "postgres")]
pub use postgres::{
    Durability, PgmqFinisher, PgmqOutlet, PgmqQueue, PostgresKeyValues, PostgresLeases, REPORTS_QUEUE,
    STEPS_QUEUE,
};
pub use queue::{Delivery, Depth, LONGEST_OUTAGE_DELAY, Message, Queue, QueueError, Receipt, outage_delay};
pub use route::RoutedQueue;
#[cfg(feature = "webhook")]
pub use webhook::{WebhookOutlet, signature as webhook_signature};
