//! Links: URLs that give access to one blob for a time.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use object_store::path::Path;
use url::Url;

/// A store that can make links.
#[async_trait]
pub(crate) trait Links: Debug + Send + Sync {
    /// Returns a URL that anyone can read the blob at.
    async fn link(&self, path: &Path, time: Duration) -> Result<Url, object_store::Error>;
}
