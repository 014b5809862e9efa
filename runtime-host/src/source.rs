//! Where components come from.

use std::path::PathBuf;

use async_trait::async_trait;
use tasker_transport::{BlobError, BlobStore};

use crate::{ComponentSourceError, PublisherKey};

/// A component as its publisher has compiled it.
#[derive(Debug)]
pub struct SealedComponent {
    /// What lies in the store.
    pub bytes: Vec<u8>,
    /// The key that its publisher must have signed it with.
    pub key: PublisherKey,
}

/// A store of components by digest. What it answers is checked, against the digest or the publisher's seal, so it need
/// not be trusted.
#[async_trait]
pub trait ComponentSource: Send + Sync {
    /// The `.wasm` bytes whose SHA-256 is `digest` (lower-case hexadecimal).
    async fn fetch(&self, digest: &str) -> Result<Vec<u8>, ComponentSourceError>;

    /// What a publisher has compiled ahead, by its name. None: nothing, and the host compiles for itself.
    async fn fetch_compiled(&self, _name: &str) -> Result<Option<SealedComponent>, ComponentSourceError> {
        Ok(None)
    }
}

/// Components in a folder, as `<digest>.wasm`.
#[derive(Debug, Clone)]
pub struct FolderSource {
    folder: PathBuf,
}

impl FolderSource {
    /// Reads from this folder.
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
        // A digest from a message becomes a file name: nothing but a digest may pass.
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
            Err(BlobError::Missing { .. }) => {
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
