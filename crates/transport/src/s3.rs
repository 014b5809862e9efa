//! Opens S3 buckets with the full credential chain of the AWS tools, profiles included. [`BlobStore::open`]
//! reads only the environment.

use std::time::Duration;

pub use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_smithy_http_client::tls;
use url::Url;

use crate::{
    BlobError, BlobStore,
    patience::{UPLOAD_ATTEMPT, timeouts},
};

/// The configuration that all AWS clients share: region, credentials, endpoint, limits on the time of requests, and one
/// HTTP connection pool.
pub async fn sdk_config() -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    aws_config::from_env().http_client(http).timeout_config(timeouts(Duration::ZERO)).load().await
}

/// Opens a bucket with the credentials from `config`, for uploads over slow connections.
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
    options.push(("timeout".to_owned(), format!("{}s", UPLOAD_ATTEMPT.as_secs())));
    options.extend(config.region().map(|region| ("AWS_REGION".to_owned(), region.to_string())));
    BlobStore::open_with(&url, options)
}
