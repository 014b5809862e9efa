//! Components in the blob store, compiled and signed by their publisher.

use async_trait::async_trait;
use tasker_runtime_host::{ComponentSource, ComponentSourceError, PublisherKey, SealedComponent};
use tasker_transport::{BlobError, BlobStore};

use super::variable::{VariableError, required};

/// The variable that contains the public key of the publisher.
const PUBLISHER_KEY: &str = "TASKER_PUBLISHER_KEY";

/// Components in the blob store, and the key that verifies their compiled form.
pub(super) struct BlobComponents {
    blobs: BlobStore,
    key: PublisherKey,
}

impl BlobComponents {
    /// Reads the key from the environment.
    pub(super) fn open(blobs: BlobStore) -> Result<Self, VariableError> {
        let key = PublisherKey::from_base64(&required(PUBLISHER_KEY)?).ok_or_else(|| {
            let reason = "it must be a public key on P-256, its DER encoding in Base64";
            VariableError::unreadable(PUBLISHER_KEY, &reason)
        })?;
        Ok(Self { blobs, key })
    }
}

#[async_trait]
impl ComponentSource for BlobComponents {
    async fn fetch(&self, digest: &str) -> Result<Vec<u8>, ComponentSourceError> {
        self.blobs.fetch(digest).await
    }

    async fn fetch_compiled(&self, name: &str) -> Result<Option<SealedComponent>, ComponentSourceError> {
        match self.blobs.get_compiled(name).await {
            Ok(bytes) => Ok(Some(SealedComponent { bytes: bytes.into(), key: self.key.clone() })),
            // S3 denies access to an object that does not exist.
            Err(BlobError::Missing { .. } | BlobError::Denied { .. }) => Ok(None),
            Err(error) => {
                Err(ComponentSourceError::Unavailable { digest: name.to_owned(), source: error.into() })
            }
        }
    }
}
