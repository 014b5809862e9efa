//! The AWS providers: queues in SQS, leases and key-value buckets in DynamoDB, events to EventBridge, SNS and
//! SQS. S3 needs no module here: it is an object store with the URL `s3://bucket/prefix`.

mod address;
mod incoming;
mod key_value;
mod leases;
mod outlet;
mod queue;
mod secret;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use incoming::{IncomingMessage, cloud_events};
pub use key_value::DynamoDbKeyValues;
pub use leases::DynamoDbLeases;
pub use outlet::{EventBusOutlet, SqsOutlet, TopicOutlet};
pub use queue::SqsQueue;
pub use secret::{SecretError, read_secret, write_secret};

pub use crate::s3::{SdkConfig, sdk_config};

/// Milliseconds since 1970-01-01.
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, milliseconds)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
