//! The providers of AWS: queues in SQS, leases and key-value buckets in DynamoDB, events to EventBridge, SNS and SQS. S3
//! is an object store like any other and needs only its URL: `s3://bucket/prefix`.

mod incoming;
mod key_value;
mod leases;
mod outlet;
mod queue;
mod secret;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use aws_config::SdkConfig;
use aws_sdk_sqs::config::ProvideCredentials;
use aws_smithy_http_client::tls;
use url::Url;

use crate::{BlobError, BlobStore};

pub use incoming::{IncomingMessage, cloud_events};
pub use key_value::DynamoDbKeyValues;
pub use leases::DynamoDbLeases;
pub use outlet::{EventBusOutlet, SqsOutlet, TopicOutlet};
pub use queue::SqsQueue;
pub use secret::{SecretError, read_secret, write_secret};

/// What every client needs: region, credentials and endpoint from the environment, and one pool of connections.
pub async fn sdk_config() -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    aws_config::from_env().http_client(http).load().await
}

/// Opens a bucket with the credentials that the SDK finds, in profiles too, and not only in the environment.
pub async fn open_bucket(config: &SdkConfig, bucket: &str) -> Result<BlobStore, BlobError> {
    let location = |source: Box<dyn std::error::Error + Send + Sync>| BlobError::Location {
        url: format!("s3://{bucket}"),
        source,
    };
    let url = Url::parse(&format!("s3://{bucket}")).map_err(|error| location(error.into()))?;
    let mut options = crate::blob::options();
    if let Some(provider) = config.credentials_provider() {
        let found = provider.provide_credentials().await.map_err(|error| location(error.into()))?;
        options.push(("AWS_ACCESS_KEY_ID".to_owned(), found.access_key_id().to_owned()));
        options.push(("AWS_SECRET_ACCESS_KEY".to_owned(), found.secret_access_key().to_owned()));
        options.extend(found.session_token().map(|token| ("AWS_SESSION_TOKEN".to_owned(), token.to_owned())));
    }
    options.extend(config.region().map(|region| ("AWS_REGION".to_owned(), region.to_string())));
    BlobStore::open_with(&url, options)
}

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, milliseconds)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
