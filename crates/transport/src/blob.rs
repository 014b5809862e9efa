//! Blobs: components, and payloads too large for a message (claim check), in any object store.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path::Path};
use sha2::{Digest, Sha256};
use tasker_protocol::{BlobReference, ClaimCheck, Payload, raw_json};
use tokio::task::JoinSet;
use url::Url;

use crate::Delivery;

/// Why a blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The URL names no store that this build knows.
    #[error("`{url}` is not a blob store: {source}")]
    Location {
        /// What was given.
        url: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no such blob; or this process must not know whether there is, which S3 says in the same words.
    #[error("blob {key} does not exist, or must not be read by this process")]
    Missing {
        /// Its key.
        key: String,
    },
    /// The store failed; the same call may succeed later.
    #[error("blob {key}: {source}")]
    Unavailable {
        /// Its key.
        key: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// The bytes are not those that the reference speaks of.
    #[error("blob {key} is damaged: its SHA-256 is {found}, not {expected}")]
    Damaged {
        /// Its key.
        key: String,
        /// The hash in the reference.
        expected: String,
        /// The hash of what was read.
        found: String,
    },
    /// The bytes are no JSON document.
    #[error("blob {key} is not JSON: {source}")]
    NotJson {
        /// Its key.
        key: String,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
}

/// No claim check is longer.
const MAX_CLAIM_CHECK: usize = 1 << 10;

/// An object store, under one prefix. Blobs are named by their content, so writing one twice is harmless.
#[derive(Debug, Clone)]
pub struct BlobStore {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl BlobStore {
    /// Opens the store that a URL names: `file:///var/lib/tasker/blobs`, `s3://bucket/prefix`. What else it needs comes
    /// from the environment, by the names that the provider's own tools use: region, credentials, endpoint.
    pub fn open(url: &Url) -> Result<Self, BlobError> {
        Self::open_with(url, options())
    }

    /// Opens the store that a URL names, with options of the provider's.
    pub fn open_with(url: &Url, options: Vec<(String, String)>) -> Result<Self, BlobError> {
        let (store, prefix) = object_store::parse_url_opts(url, options)
            .map_err(|source| BlobError::Location { url: url.to_string(), source: Box::new(source) })?;
        Ok(Self { store: Arc::from(store), prefix })
    }

    /// Opens a folder, making it if need be.
    pub fn folder(path: &std::path::Path) -> Result<Self, BlobError> {
        let location = |source: Box<dyn std::error::Error + Send + Sync>| BlobError::Location {
            url: path.display().to_string(),
            source,
        };
        std::fs::create_dir_all(path).map_err(|error| location(error.into()))?;
        let store = object_store::local::LocalFileSystem::new_with_prefix(path)
            .map_err(|error| location(error.into()))?;
        Ok(Self { store: Arc::new(store), prefix: Path::default() })
    }

    /// Writes a component and answers its digest.
    pub async fn put_component(&self, wasm: Bytes) -> Result<String, BlobError> {
        let digest = sha256_hex(&wasm);
        self.put(component_key(&digest), wasm).await?;
        Ok(digest)
    }

    /// Reads a component. The caller checks its digest.
    pub async fn get_component(&self, digest: &str) -> Result<Bytes, BlobError> {
        self.get(&component_key(digest)).await
    }

    /// Writes a component that was compiled ahead, under the name that hosts ask for it by.
    pub async fn put_compiled(&self, name: &str, sealed: Bytes) -> Result<(), BlobError> {
        self.put(compiled_key(name), sealed).await
    }

    /// Reads a compiled component. The caller checks its seal.
    pub async fn get_compiled(&self, name: &str) -> Result<Bytes, BlobError> {
        self.get(&compiled_key(name)).await
    }

    /// Writes a bundle to publish and answers its key.
    pub async fn put_bundle(&self, bundle: Bytes) -> Result<String, BlobError> {
        let key = format!("publications/{}.json", sha256_hex(&bundle));
        self.put(key.clone(), bundle).await?;
        Ok(key)
    }

    /// Reads a bundle by its key.
    pub async fn get_bundle(&self, key: &str) -> Result<Bytes, BlobError> {
        self.get(key).await
    }

    /// Replaces an inline payload longer than `limit` bytes by a reference.
    pub async fn check_in(&self, payload: Payload, limit: usize) -> Result<Payload, BlobError> {
        match payload {
            Payload::Inline(json) if json.get().len() > limit => {
                self.store_json(String::from(Box::<str>::from(json))).await.map(Payload::Blob)
            }
            other => Ok(other),
        }
    }

    /// Replaces a reference by what it refers to.
    pub async fn check_out(&self, payload: Payload) -> Result<Payload, BlobError> {
        let Payload::Blob(reference) = payload else { return Ok(payload) };
        let text = self.read_text(&reference).await?;
        let json = raw_json(text).map_err(|source| BlobError::NotJson { key: reference.key, source })?;
        Ok(Payload::Inline(json))
    }

    /// A message body of at most `limit` bytes: itself, or a claim check for it.
    pub async fn check_in_message(&self, body: String, limit: usize) -> Result<String, BlobError> {
        if body.len() <= limit {
            return Ok(body);
        }
        let check = ClaimCheck { message: self.store_json(body).await? };
        serde_json::to_string(&check)
            .map_err(|source| BlobError::NotJson { key: check.message.key.clone(), source })
    }

    /// The message body itself, wherever it lies.
    pub async fn check_out_message(&self, body: String) -> Result<String, BlobError> {
        if !is_claim_check(&body) {
            return Ok(body);
        }
        match serde_json::from_str::<ClaimCheck>(&body) {
            Ok(check) => self.read_text(&check.message).await,
            // Whoever reads it will say what is wrong with it.
            Err(_) => Ok(body),
        }
    }

    /// The bodies of messages, wherever they lie. Those that lie elsewhere are fetched all at once.
    pub async fn check_out_deliveries(
        &self,
        deliveries: Vec<Delivery>,
    ) -> Vec<(Delivery, Result<(), BlobError>)> {
        let mut opened: Vec<_> = deliveries.into_iter().map(|delivery| (delivery, Ok(()))).collect();
        let mut fetches = JoinSet::new();
        for (position, (delivery, _)) in opened.iter().enumerate() {
            if is_claim_check(&delivery.body) {
                let (this, body) = (self.clone(), delivery.body.clone());
                fetches.spawn(async move { (position, this.check_out_message(body).await) });
            }
        }
        while let Some(fetched) = fetches.join_next().await {
            let Ok((position, body)) = fetched else { continue };
            let (delivery, result) = &mut opened[position];
            match body {
                Ok(body) => delivery.body = body,
                Err(error) => *result = Err(error),
            }
        }
        opened
    }

    async fn store_json(&self, text: String) -> Result<BlobReference, BlobError> {
        let bytes = Bytes::from(text);
        let sha256 = sha256_hex(&bytes);
        let reference =
            BlobReference { size: bytes.len() as u64, key: format!("payloads/{sha256}.json"), sha256 };
        self.put(reference.key.clone(), bytes).await?;
        Ok(reference)
    }

    async fn read_text(&self, reference: &BlobReference) -> Result<String, BlobError> {
        let bytes = self.get(&reference.key).await?;
        let found = sha256_hex(&bytes);
        if found != reference.sha256 {
            let (key, expected) = (reference.key.clone(), reference.sha256.clone());
            return Err(BlobError::Damaged { key, expected, found });
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn put(&self, key: String, bytes: Bytes) -> Result<(), BlobError> {
        let path = self.path(&key);
        self.store
            .put(&path, PutPayload::from_bytes(bytes))
            .await
            .map(drop)
            .map_err(|source| BlobError::Unavailable { key, source })
    }

    async fn get(&self, key: &str) -> Result<Bytes, BlobError> {
        let read = async { self.store.get(&self.path(key)).await?.bytes().await };
        read.await.map_err(|error| match error {
            object_store::Error::NotFound { .. } | object_store::Error::PermissionDenied { .. } => {
                BlobError::Missing { key: key.to_owned() }
            }
            source => BlobError::Unavailable { key: key.to_owned(), source },
        })
    }

    fn path(&self, key: &str) -> Path {
        key.split('/').fold(self.prefix.clone(), object_store::path::Path::join)
    }
}

/// Whether a body looks like a claim check: no message begins like this, and no claim check is longer.
fn is_claim_check(body: &str) -> bool {
    body.len() <= MAX_CLAIM_CHECK && body.starts_with(r#"{"message":{"key":"#)
}

/// What the environment says of object stores.
pub(crate) fn options() -> Vec<(String, String)> {
    #[cfg(feature = "s3")]
    // The HTTP client brings no TLS provider of its own. That one is installed already is no fault.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut options: Vec<(String, String)> =
        std::env::vars().filter(|(name, _)| name.starts_with("AWS_")).collect();
    if options.iter().any(|(name, value)| name.starts_with("AWS_ENDPOINT") && value.starts_with("http://")) {
        // Only an endpoint of one's own is without TLS.
        options.push(("AWS_ALLOW_HTTP".to_owned(), "true".to_owned()));
    }
    options
}

fn component_key(digest: &str) -> String {
    format!("components/{digest}.wasm")
}

fn compiled_key(name: &str) -> String {
    format!("artifacts/{name}.aot")
}

/// Lower-case hexadecimal SHA-256.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(digits).map(char::from).collect()
}
