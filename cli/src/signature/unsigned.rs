//! In the place of signatures, in a build that has none.

use std::time::SystemTime;

use anyhow::Result;

use crate::parts::NEEDS_AWS;

/// What to do where the API refuses a request.
pub(crate) const WHERE_REFUSED: &str = NEEDS_AWS;

/// There is none.
#[derive(Debug, Clone)]
pub(crate) enum Signer {}

impl Signer {
    pub(crate) fn is_fresh(&self) -> bool {
        match *self {}
    }

    /// An API behind IAM may ask for no signature.
    #[expect(clippy::unused_async, reason = "finding credentials takes requests, where there are any")]
    pub(crate) async fn of(_url: &str) -> Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn sign(&self, _request: &mut ureq::http::Request<String>, _now: SystemTime) -> Result<()> {
        match *self {}
    }
}
