//! Fetches what an identity provider publishes, and sends forms to it: by HTTPS, from an allowed address, without redirects.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use ipnet::IpNet;
use tasker_outbound::{Networks, Refused};
use ureq::{
    Agent,
    config::Config,
    http::{HeaderMap, Uri, header::CACHE_CONTROL},
    tls::TlsConfig,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};
use url::{Host, Url};

/// The timeout of a fetch, from the resolution of the name to the end of the response.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum length of a response's body, in bytes.
const MAX_BODY: u64 = 256 * 1024;

/// What to do about an address that may not be reached.
const ALLOW: &str =
    "if your identity provider is inside your network, allow its network in `jwks_allow_private`";

/// Where a key set comes from. A verifier has its own by HTTPS; tests can pass one.
#[async_trait]
pub trait Source: Debug + Send + Sync {
    /// Fetches the set once.
    ///
    /// # Errors
    /// Why it could not be fetched, for the log.
    async fn fetch(&self) -> Result<Document, FetchError>;
}

/// A fetched key set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// JSON (RFC 7517).
    pub body: Vec<u8>,
    /// `max-age` of the response's `Cache-Control`.
    pub max_age: Option<Duration>,
}

/// A key set that could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(String);

impl FetchError {
    /// An error with a message that says what went wrong and what to do.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// A URL that nothing may be fetched from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadUrl {
    // Not its text: it may contain a password.
    #[error("is not a URL; write one such as `https://login.example.com/keys`")]
    Invalid,
    #[error(
        "has the scheme `{0}`; it must start with https://, otherwise others could replace what it returns"
    )]
    Scheme(String),
    #[error("contains a user name or password; remove it")]
    Credentials,
    #[error("names a host that may not be reached: {0}; {ALLOW}")]
    Address(Refused),
}

/// Sends requests to one URL by HTTPS.
#[derive(Debug, Clone)]
pub(crate) struct Https {
    agent: Agent,
    url: String,
}

impl Https {
    /// Can reach public addresses, and those of these networks.
    pub(crate) fn new(url: &str, allow_private: Vec<IpNet>) -> Result<Self, BadUrl> {
        Self::with(url, allow_private, TlsConfig::default(), TIMEOUT)
    }

    pub(crate) fn trusting(url: &str, allow_private: Vec<IpNet>, tls: TlsConfig) -> Result<Self, BadUrl> {
        Self::with(url, allow_private, tls, TIMEOUT)
    }

    fn with(url: &str, allow_private: Vec<IpNet>, tls: TlsConfig, timeout: Duration) -> Result<Self, BadUrl> {
        let parsed = Url::parse(url).map_err(|_| BadUrl::Invalid)?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(BadUrl::Credentials);
        }
        if parsed.scheme() != "https" {
            return Err(BadUrl::Scheme(parsed.scheme().to_owned()));
        }
        let networks = Networks::with(allow_private);
        match parsed.host() {
            Some(Host::Ipv4(address)) => networks.check(address.into()),
            Some(Host::Ipv6(address)) => networks.check(address.into()),
            // A name is checked when it is resolved, at each fetch.
            Some(Host::Domain(_)) => Ok(()),
            None => return Err(BadUrl::Invalid),
        }
        .map_err(BadUrl::Address)?;
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .https_only(true)
            // Not through the proxy of whoever started this process: it would resolve the name without a check.
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            // Fetches are rare.
            .max_idle_connections(0)
            .tls_config(tls)
            .build();
        let resolver = CheckedResolver { system: DefaultResolver::default(), networks };
        Ok(Self {
            agent: Agent::with_parts(config, DefaultConnector::default(), resolver),
            url: parsed.to_string(),
        })
    }

    /// Sends a form, and returns the status and the body of the response.
    pub(crate) async fn post(
        &self,
        form: String,
        authorization: Option<String>,
    ) -> Result<(u16, Vec<u8>), FetchError> {
        let this = self.clone();
        let posted = tokio::task::spawn_blocking(move || {
            let mut request = this
                .agent
                .post(&this.url)
                .header("accept", "application/json")
                .header("content-type", "application/x-www-form-urlencoded");
            if let Some(value) = authorization {
                request = request.header("authorization", value);
            }
            let mut answer = request.send(form).map_err(|error| failure(&error))?;
            let body = answer.body_mut().with_config().limit(MAX_BODY + 1).read_to_vec();
            Ok((answer.status().as_u16(), body.map_err(|error| failure(&error))?))
        });
        posted.await.map_err(|error| FetchError(format!("the request did not end: {error}")))?
    }

    fn get(&self) -> Result<Document, FetchError> {
        let request = self.agent.get(&self.url).header("accept", "application/json");
        let mut answer = request.call().map_err(|error| failure(&error))?;
        let status = answer.status();
        if status.is_redirection() {
            return Err(FetchError(format!("the response was {status}; set the URL that it redirects to")));
        }
        if status != 200 {
            return Err(FetchError(format!("the response was {status} instead of 200; check the URL")));
        }
        let max_age = max_age(answer.headers());
        // `ureq` refuses a body that reaches its limit.
        let body = answer.body_mut().with_config().limit(MAX_BODY + 1).read_to_vec();
        Ok(Document { body: body.map_err(|error| failure(&error))?, max_age })
    }
}

#[async_trait]
impl Source for Https {
    async fn fetch(&self) -> Result<Document, FetchError> {
        let this = self.clone();
        let fetched = tokio::task::spawn_blocking(move || this.get()).await;
        fetched.map_err(|error| FetchError(format!("the fetch did not end: {error}")))?
    }
}

fn failure(error: &ureq::Error) -> FetchError {
    FetchError(match error {
        ureq::Error::Other(other) if other.is::<Refused>() => {
            format!("its host may not be reached: {other}; {ALLOW}")
        }
        ureq::Error::BodyExceedsLimit(limit) => {
            format!("the response is longer than {} KiB; check the URL", limit / 1024)
        }
        _ => format!("{error}; check the URL, and that this machine can reach it"),
    })
}

/// The shortest `max-age` of the header. Zero for a response that should not be kept.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|value| value.to_str().ok());
    let ages = values.flat_map(|value| value.split(',')).filter_map(|directive| {
        let directive = directive.trim().to_ascii_lowercase();
        match directive.split_once('=') {
            Some(("max-age", seconds)) => seconds.trim_matches('"').parse().ok(),
            _ if directive == "no-store" || directive == "no-cache" => Some(0),
            _ => None,
        }
    });
    ages.min().map(Duration::from_secs)
}

/// Resolves names by the system, and refuses a name any of whose addresses may not be reached. `ureq` connects to an
/// address that it returns.
#[derive(Debug)]
struct CheckedResolver {
    system: DefaultResolver,
    networks: Networks,
}

impl Resolver for CheckedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let resolved = self.system.resolve(uri, config, timeout)?;
        for address in &resolved[..] {
            self.networks.check(address.ip()).map_err(|refused| ureq::Error::Other(Box::new(refused)))?;
        }
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests;
