//! The blob store: components, and payloads that exceed the message limit (claim check), in any object store.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path::Path};
use sha2::{Digest, Sha256};
use tasker_protocol::{BlobReference, ClaimCheck, Payload, raw_json};
use tokio::task::JoinSet;
use url::Url;

use crate::{Breaker, Delivery, Paused, here::is_here, link::Links};

/// Why a blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// This build supports no store for the URL.
    #[error("`{url}` is not a blob store: {source}")]
    Location {
        /// The URL.
        url: String,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The blob does not exist.
    #[error("blob {key} does not exist")]
    Missing {
        /// The blob's key.
        key: String,
    },
    /// The store refuses access: the blob does not exist, this process may not read it, or its credentials have just
    /// changed. S3 does not distinguish them. The same call may succeed later, but not for ever.
    #[error("blob {key} does not exist, or this process may not read it")]
    Denied {
        /// The blob's key.
        key: String,
    },
    /// The store failed. The same call may succeed later.
    #[error("blob {key}: {source}")]
    Unavailable {
        /// The blob's key.
        key: String,
        /// The error of the store.
        source: object_store::Error,
    },
    /// The content does not match the hash in the reference.
    #[error("blob {key} is damaged: its SHA-256 is {found}, not {expected}")]
    Damaged {
        /// The blob's key.
        key: String,
        /// The hash in the reference.
        expected: String,
        /// The hash of the content.
        found: String,
    },
    /// The content is not a JSON document.
    #[error("blob {key} is not JSON: {source}")]
    NotJson {
        /// The blob's key.
        key: String,
        /// The parse error and its position.
        source: serde_json::Error,
    },
}

/// Payloads longer than this, in bytes, go by reference: rows and messages with longer ones would fill the memory of the
/// processes that hold many of them, and SQS bills by 64 KiB.
pub const INLINE_PAYLOAD: usize = 64 << 10;

/// The maximum length of a claim check, in bytes.
const MAX_CLAIM_CHECK: usize = 1 << 10;

/// An object store, below one prefix. Blobs are named by their content, so writing one twice is harmless.
#[derive(Debug, Clone)]
pub struct BlobStore {
    store: Arc<dyn ObjectStore>,
    /// Where the store can make links.
    links: Option<Arc<dyn Links>>,
    /// For a folder. It can be away: removed, or on a volume that is not mounted.
    folder: Option<Arc<std::path::Path>>,
    prefix: Path,
    breaker: Option<Arc<Breaker>>,
}

impl BlobStore {
    /// Opens the store of a URL: `file:///var/lib/tasker/blobs`, `s3://bucket/prefix`. Region, credentials
    /// and endpoint come from the environment, under the names that the provider's own tools use.
    pub fn open(url: &Url) -> Result<Self, BlobError> {
        Self::open_with(url, options())
    }

    /// Opens the store of a URL with provider-specific options. Creates the folder of a `file:` URL if it is missing.
    pub fn open_with(url: &Url, options: Vec<(String, String)>) -> Result<Self, BlobError> {
        if let Some(path) = folder_of(url) {
            return Self::folder(&path);
        }
        let opened = match url.scheme() {
            #[cfg(feature = "s3")]
            "s3" => crate::bucket::open(url, options).map(|(bucket, prefix)| {
                (bucket.clone() as Arc<dyn ObjectStore>, Some(bucket as Arc<dyn Links>), prefix)
            }),
            _ => object_store::parse_url_opts(url, options)
                .map(|(store, prefix)| (Arc::from(store), None, prefix)),
        };
        let (store, links, prefix) = opened
            .map_err(|source| BlobError::Location { url: url.to_string(), source: Box::new(source) })?;
        Ok(Self { store, links, folder: None, prefix, breaker: None })
    }

    /// Opens a folder. Creates it if it is missing.
    pub fn folder(path: &std::path::Path) -> Result<Self, BlobError> {
        let location = |source: Box<dyn std::error::Error + Send + Sync>| BlobError::Location {
            url: path.display().to_string(),
            source,
        };
        std::fs::create_dir_all(path).map_err(|error| location(error.into()))?;
        let store = object_store::local::LocalFileSystem::new_with_prefix(path)
            .map_err(|error| location(error.into()))?;
        let (store, folder) = (Arc::new(store), Some(path.into()));
        Ok(Self { store, links: None, folder, prefix: Path::default(), breaker: None })
    }

    /// The same store behind a breaker: while the store is away, calls fail at once.
    #[must_use]
    pub fn guarded(self, breaker: Arc<Breaker>) -> Self {
        Self { breaker: Some(breaker), ..self }
    }

    /// Writes a component. Returns its digest.
    pub async fn put_component(&self, wasm: Bytes) -> Result<String, BlobError> {
        let digest = sha256_hex(&wasm);
        self.put(component_key(&digest), wasm).await?;
        Ok(digest)
    }

    /// Reads a component. The caller must check its digest.
    pub async fn get_component(&self, digest: &str) -> Result<Bytes, BlobError> {
        self.get(&component_key(digest)).await
    }

    /// Whether a component is in the store.
    pub async fn has_component(&self, digest: &str) -> Result<bool, BlobError> {
        match self.head(&component_key(digest)).await {
            Ok(()) => Ok(true),
            Err(BlobError::Missing { .. } | BlobError::Denied { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes a precompiled component under the name that hosts look up.
    pub async fn put_compiled(&self, name: &str, sealed: Bytes) -> Result<(), BlobError> {
        self.put(compiled_key(name), sealed).await
    }

    /// Reads a precompiled component. The caller must check its seal.
    pub async fn get_compiled(&self, name: &str) -> Result<Bytes, BlobError> {
        self.get(&compiled_key(name)).await
    }

    /// Writes a bundle to publish. Returns its key.
    pub async fn put_bundle(&self, bundle: Bytes) -> Result<String, BlobError> {
        let key = format!("publications/{}.json", sha256_hex(&bundle));
        self.put(key.clone(), bundle).await?;
        Ok(key)
    }

    /// Reads a bundle by key.
    pub async fn get_bundle(&self, key: &str) -> Result<Bytes, BlobError> {
        self.get(key).await
    }

    /// Stores an inline payload longer than `limit` bytes and returns a reference to it. Returns other
    /// payloads unchanged.
    pub async fn check_in(&self, payload: Payload, limit: usize) -> Result<Payload, BlobError> {
        match payload {
            Payload::Inline(json) if json.get().len() > limit => {
                self.store_json(String::from(Box::<str>::from(json))).await.map(Payload::Blob)
            }
            other => Ok(other),
        }
    }

    /// Loads a payload that is a reference. Returns an inline payload unchanged.
    pub async fn check_out(&self, payload: Payload) -> Result<Payload, BlobError> {
        let Payload::Blob(reference) = payload else { return Ok(payload) };
        let text = self.read_text(&reference).await?;
        let json = raw_json(text).map_err(|source| BlobError::NotJson { key: reference.key, source })?;
        Ok(Payload::Inline(json))
    }

    /// Stores a message body longer than `limit` bytes and returns a claim check. Returns a shorter body
    /// unchanged.
    pub async fn check_in_message(&self, body: String, limit: usize) -> Result<String, BlobError> {
        if body.len() <= limit {
            return Ok(body);
        }
        let check = ClaimCheck { message: self.store_json(body).await? };
        serde_json::to_string(&check)
            .map_err(|source| BlobError::NotJson { key: check.message.key.clone(), source })
    }

    /// Loads the body behind a claim check. Returns any other body unchanged.
    pub async fn check_out_message(&self, body: String) -> Result<String, BlobError> {
        if !is_claim_check(&body) {
            return Ok(body);
        }
        match serde_json::from_str::<ClaimCheck>(&body) {
            Ok(check) => self.read_text(&check.message).await,
            // The reader of the message reports the parse error.
            Err(_) => Ok(body),
        }
    }

    /// Loads the bodies behind all claim checks, concurrently. Returns the deliveries in order.
    pub async fn open_deliveries(&self, deliveries: Vec<Delivery>) -> Vec<Opened> {
        let unopened = |delivery| Opened { delivery, fetched: Ok(None) };
        let mut opened: Vec<Opened> = deliveries.into_iter().map(unopened).collect();
        let mut fetches = JoinSet::new();
        for (position, opened) in opened.iter().enumerate() {
            if is_claim_check(&opened.delivery.body) {
                let (this, body) = (self.clone(), opened.delivery.body.clone());
                fetches.spawn(async move { (position, this.check_out_message(body).await) });
            }
        }
        while let Some(fetched) = fetches.join_next().await {
            let Ok((position, body)) = fetched else { continue };
            opened[position].fetched = body.map(Some);
        }
        opened
    }

    /// Stores a JSON document and returns a URL that anyone can read it at for this time, or until the credentials of this
    /// process end. None if the store makes no links; then nothing is stored.
    pub async fn link(&self, json: String, time: Duration) -> Result<Option<Url>, BlobError> {
        let Some(links) = &self.links else { return Ok(None) };
        let key = self.store_json(json).await?.key;
        let link = links.link(&self.path(&key), time).await;
        link.map(Some).map_err(|source| BlobError::Unavailable { key, source })
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
        let write = async {
            // Otherwise the store would make a new folder.
            self.is_here().await?;
            self.store.put(&path, PutPayload::from_bytes(bytes)).await
        };
        let written = async {
            write.await.map(drop).map_err(|source| BlobError::Unavailable { key: key.clone(), source })
        };
        self.unless_paused(&key, written).await
    }

    async fn get(&self, key: &str) -> Result<Bytes, BlobError> {
        let path = self.path(key);
        self.read(key, async { self.store.get(&path).await?.bytes().await }).await
    }

    async fn head(&self, key: &str) -> Result<(), BlobError> {
        let path = self.path(key);
        self.read(key, async { self.store.head(&path).await.map(drop) }).await
    }

    async fn read<T>(
        &self,
        key: &str,
        read: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, BlobError> {
        let read = async {
            match read.await {
                Err(missing @ object_store::Error::NotFound { .. }) => {
                    self.is_here().await?;
                    Err(missing)
                }
                other => other,
            }
        };
        let read = async {
            read.await.map_err(|error| match error {
                object_store::Error::NotFound { .. } => BlobError::Missing { key: key.to_owned() },
                object_store::Error::PermissionDenied { .. } => BlobError::Denied { key: key.to_owned() },
                source => BlobError::Unavailable { key: key.to_owned(), source },
            })
        };
        self.unless_paused(key, read).await
    }

    async fn unless_paused<T>(
        &self,
        key: &str,
        call: impl Future<Output = Result<T, BlobError>>,
    ) -> Result<T, BlobError> {
        let Some(breaker) = &self.breaker else { return call.await };
        let is_away = |error: &BlobError| matches!(error, BlobError::Unavailable { .. });
        let paused = |paused: Paused| BlobError::Unavailable {
            key: key.to_owned(),
            source: object_store::Error::Generic { store: "paused", source: paused.into() },
        };
        breaker.call(call, is_away, paused).await
    }

    /// Fails if the folder is away.
    async fn is_here(&self) -> Result<(), object_store::Error> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let away = tokio::task::spawn_blocking(move || std::fs::read_dir(folder).map(drop)).await;
        let away = away.unwrap_or_else(|error| Err(io::Error::other(error)));
        away.map_err(|error| object_store::Error::Generic { store: "folder", source: error.into() })
    }

    fn path(&self, key: &str) -> Path {
        key.split('/').fold(self.prefix.clone(), object_store::path::Path::join)
    }
}

/// A delivery, and the body behind its claim check.
#[derive(Debug)]
pub struct Opened {
    /// The delivery as the queue returned it.
    pub delivery: Delivery,
    fetched: Result<Option<String>, BlobError>,
}

impl Opened {
    /// The body of the message.
    ///
    /// # Errors
    /// If the body behind a claim check could not be loaded.
    pub fn body(&self) -> Result<&str, &BlobError> {
        self.fetched.as_ref().map(|fetched| fetched.as_deref().unwrap_or(&self.delivery.body))
    }
}

impl BlobError {
    /// Whether the store says that this process may not do it.
    pub fn is_forbidden(&self) -> bool {
        matches!(
            self,
            Self::Denied { .. }
                | Self::Unavailable { source: object_store::Error::PermissionDenied { .. }, .. }
        )
    }

    /// Whether the same call may succeed later, for a message that was received so often. Missing permission cannot be
    /// told from a short failure of the store, so it counts as one for some time only.
    pub fn is_transient(&self, receive_count: u32) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Denied { .. } => receive_count < DENIALS,
            Self::Location { .. } | Self::Missing { .. } | Self::Damaged { .. } | Self::NotJson { .. } => {
                false
            }
        }
    }
}

/// After how many receives a denied blob counts as missing: with [`crate::outage_delay`], two minutes later.
const DENIALS: u32 = 8;

/// Whether a body has the form of a claim check. No other message starts like this.
fn is_claim_check(body: &str) -> bool {
    body.len() <= MAX_CLAIM_CHECK && body.starts_with(r#"{"message":{"key":"#)
}

/// The options of object stores in the environment.
pub(crate) fn options() -> Vec<(String, String)> {
    let mut options: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("AWS_"))
        .collect();
    // An emulator on this machine may be plain HTTP. For others, whoever runs this process sets AWS_ALLOW_HTTP.
    let is_emulator =
        |value: &str| Url::parse(value).is_ok_and(|url| url.scheme() == "http" && is_here(&url));
    if options.iter().any(|(name, value)| name.starts_with("AWS_ENDPOINT") && is_emulator(value)) {
        options.push(("AWS_ALLOW_HTTP".to_owned(), "true".to_owned()));
    }
    options
}

/// The folder of a `file:` URL.
fn folder_of(url: &Url) -> Option<PathBuf> {
    (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()
}

fn component_key(digest: &str) -> String {
    format!("components/{digest}.wasm")
}

fn compiled_key(name: &str) -> String {
    format!("artifacts/{name}.aot")
}

/// The SHA-256 of the bytes in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(digits).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_that_is_missing_is_away_and_is_not_made_again() {
        let root = tempfile::tempdir().unwrap();
        let (folder, elsewhere) = (root.path().join("blobs"), root.path().join("elsewhere"));
        let url = Url::from_directory_path(&folder).unwrap();
        for blobs in [BlobStore::folder(&folder).unwrap(), BlobStore::open(&url).unwrap()] {
            let kept = blobs.put_component(Bytes::from_static(b"kept")).await.unwrap();
            let missing = blobs.get_component("missing").await.unwrap_err();
            assert!(matches!(missing, BlobError::Missing { .. }), "{missing}");

            std::fs::rename(&folder, &elsewhere).unwrap();
            for away in [
                blobs.get_component(&kept).await.unwrap_err(),
                blobs.put_component(Bytes::from_static(b"new")).await.unwrap_err(),
            ] {
                assert!(matches!(away, BlobError::Unavailable { .. }), "{away}");
            }
            assert!(!folder.exists());

            std::fs::rename(&elsewhere, &folder).unwrap();
            assert_eq!(blobs.get_component(&kept).await.unwrap(), "kept");
        }
    }
}
