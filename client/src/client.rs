//! The client: where it sends requests, as whom, and with how much patience.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{
    Url,
    header::{HeaderName, HeaderValue},
};

use crate::address::behind_iam;

/// A client of one server. Clones share its connections.
#[derive(Clone)]
pub struct Client {
    pub(crate) settings: Arc<Settings>,
}

/// What the requests of a client have in common.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) http: reqwest::Client,
    /// With its path, which ends with a slash.
    pub(crate) url: Url,
    pub(crate) credentials: Option<(HeaderName, HeaderValue)>,
    /// The time limit of each attempt.
    pub(crate) timeout: Duration,
    /// How often a request that may be repeated is repeated.
    pub(crate) retries: u32,
    pub(crate) traceparent: Option<String>,
    #[cfg(feature = "aws")]
    pub(crate) signer: Option<Arc<crate::signer::Signer>>,
}

impl Client {
    /// The same client, whose requests and tasks belong to this trace: a W3C `traceparent`,
    /// `00-<trace id>-<span id>-<flags>`.
    #[must_use]
    pub fn with_traceparent(&self, traceparent: impl Into<String>) -> Self {
        let settings = Settings { traceparent: Some(traceparent.into()), ..(*self.settings).clone() };
        Self { settings: Arc::new(settings) }
    }

    /// The same client, which repeats requests so often: see [`ClientBuilder::retries`](crate::ClientBuilder::retries).
    #[must_use]
    pub fn with_retries(&self, retries: u32) -> Self {
        let settings = Settings { retries, ..(*self.settings).clone() };
        Self { settings: Arc::new(settings) }
    }

    /// Whether the server is at an address of AWS, which may refuse requests without a signature
    /// (`ClientBuilder::sign_with`, feature `aws`) before Tasker gets them.
    pub fn is_behind_iam(&self) -> bool {
        behind_iam(&self.settings.url).is_some()
    }

    /// The address of the server.
    pub fn url(&self) -> &str {
        self.settings.url.as_str()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("url", &self.url()).finish_non_exhaustive()
    }
}
