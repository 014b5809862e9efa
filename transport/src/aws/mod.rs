//! The providers of AWS: queues in SQS, leases in DynamoDB, events to EventBridge, SNS and SQS. S3 is an object store
//! like any other and needs only its URL: `s3://bucket/prefix`.

mod incoming;
mod leases;
mod outlet;
mod queue;
mod secret;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_smithy_http_client::tls;

pub use incoming::{IncomingMessage, cloud_events};
pub use leases::DynamoDbLeases;
pub use outlet::{EventBusOutlet, SqsOutlet, TopicOutlet};
pub use queue::SqsQueue;
pub use secret::{SecretError, read_secret};

/// What every client needs: region, credentials and endpoint from the environment, and one pool of connections.
pub async fn sdk_config() -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    aws_config::from_env().http_client(http).load().await
}

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, milliseconds)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
