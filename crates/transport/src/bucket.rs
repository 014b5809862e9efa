//! Opens a bucket in S3 as an object store, with limits on the time of its requests.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use object_store::{
    ClientConfigKey, ObjectStoreScheme, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey},
    path::Path,
    signer::{Method, Signer},
};
use url::Url;

use crate::{
    link::Links,
    patience::{BLOB_ATTEMPT, BLOB_RETRIES, CONNECT, LAST_BLOB_ATTEMPT},
};

#[async_trait]
impl Links for AmazonS3 {
    async fn link(&self, path: &Path, time: Duration) -> Result<Url, object_store::Error> {
        self.signed_url(Method::GET, path, time).await
    }
}

/// Opens the bucket of `s3://bucket/prefix`. The options have the names of the AWS tools' variables, or those of
/// [`ClientConfigKey`]. Unknown ones are ignored.
pub(crate) fn open(
    url: &Url,
    options: Vec<(String, String)>,
) -> Result<(Arc<AmazonS3>, Path), object_store::Error> {
    // The HTTP client brings no TLS provider. An error means that one is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (_, prefix) = ObjectStoreScheme::parse(url)?;
    let retry =
        RetryConfig { max_retries: BLOB_RETRIES, retry_timeout: LAST_BLOB_ATTEMPT, ..RetryConfig::default() };
    let limit = |key, time: Duration| (AmazonS3ConfigKey::Client(key), format!("{}s", time.as_secs()));
    let limits =
        [limit(ClientConfigKey::ConnectTimeout, CONNECT), limit(ClientConfigKey::Timeout, BLOB_ATTEMPT)];
    let given = options.into_iter().filter_map(|(name, value)| {
        let key = name.to_ascii_lowercase().parse().ok()?;
        Some((key, value))
    });
    let unset = AmazonS3Builder::new().with_url(url.to_string()).with_retry(retry);
    let builder =
        limits.into_iter().chain(given).fold(unset, |builder, (key, value)| builder.with_config(key, value));
    Ok((Arc::new(builder.build()?), prefix))
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt as _;
    use tokio::time::Instant;

    use super::*;

    /// Time passes as soon as nothing else happens.
    #[tokio::test(start_paused = true)]
    async fn a_silent_bucket_is_given_up() {
        // Accepts connections, because the system does, and never answers.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = [
            ("AWS_ENDPOINT_URL", format!("http://{}", silent.local_addr().unwrap())),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
        ];
        let options = options.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let (bucket, _) = open(&"s3://blobs".parse().unwrap(), options).unwrap();
        let begun = Instant::now();
        let blob = Path::from("components/x");
        let read = tokio::time::timeout(Duration::from_secs(600), bucket.get(&blob));
        assert!(read.await.expect("no limit").is_err());
        // The tests' clock is not that of `LAST_BLOB_ATTEMPT`: all attempts are made.
        let attempts = BLOB_ATTEMPT * (BLOB_RETRIES as u32 + 1);
        let taken = begun.elapsed();
        assert!(taken >= BLOB_ATTEMPT && taken < attempts + Duration::from_secs(20), "{taken:?}");
    }
}
