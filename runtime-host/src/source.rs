//! Sources of components.

use std::path::PathBuf;

use async_trait::async_trait;
use tasker_transport::{BlobError, BlobStore};

use crate::{ComponentSourceError, PublisherKey};

/// A precompiled component from its publisher.
#[derive(Debug)]
pub struct SealedComponent {
    /// The sealed bytes.
    pub bytes: Vec<u8>,
    /// The key of the publisher that must have signed it.
    pub key: PublisherKey,
}

/// A store of components by digest. The host checks all results against the digest or the publisher's seal,
/// so the store need not be trusted.
#[async_trait]
pub trait ComponentSource: Send + Sync {
    /// Returns the `.wasm` bytes whose SHA-256 is `digest` (lower-case hexadecimal).
    async fn fetch(&self, digest: &str) -> Result<Vec<u8>, ComponentSourceError>;

    /// Returns the precompiled component with this name. None if there is none; the host then compiles it
    /// itself.
    async fn fetch_compiled(&self, _name: &str) -> Result<Option<SealedComponent>, ComponentSourceError> {
        Ok(None)
    }
}

/// Components in a folder, in files named `<digest>.wasm`.
#[derive(Debug, Clone)]
pub struct FolderSource {
    folder: PathBuf,
}

impl FolderSource {
    /// Reads components from this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

#[async_trait]
impl ComponentSource for FolderSource {
    async fn fetch(&self, digest: &str) -> Result<Vec<u8>, ComponentSourceError> {
        let unavailable = |source: Box<dyn std::error::Error + Send + Sync>| {
            ComponentSourceError::Unavailable { digest: digest.to_owned(), source }
        };
        // The digest comes from a message and becomes a file name: accept only valid digests.
        if !is_digest(digest) {
            return Err(ComponentSourceError::NotFound { digest: digest.to_owned() });
        }
        let path = self.folder.join(format!("{digest}.wasm"));
        match tokio::task::spawn_blocking(move || std::fs::read(path)).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(ComponentSourceError::NotFound { digest: digest.to_owned() })
            }
            Ok(Err(error)) => Err(unavailable(error.into())),
            Err(error) => Err(unavailable(error.into())),
        }
    }
}

/// Components in a blob store.
#[async_trait]
impl ComponentSource for BlobStore {
    async fn fetch(&self, digest: &str) -> Result<Vec<u8>, ComponentSourceError> {
        match self.get_component(digest).await {
            Ok(wasm) => Ok(wasm.into()),
            Err(BlobError::Missing { .. } | BlobError::Denied { .. }) => {
                Err(ComponentSourceError::NotFound { digest: digest.to_owned() })
            }
            Err(error) => {
                Err(ComponentSourceError::Unavailable { digest: digest.to_owned(), source: Box::new(error) })
            }
        }
    }
}

/// Whether this is a SHA-256 in lower-case hexadecimal.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
