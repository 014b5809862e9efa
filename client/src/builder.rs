//! Building a client.

use std::{env, fmt, net::IpAddr, sync::Arc, time::Duration};

#[cfg(feature = "aws")]
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
    redirect::Policy,
};

#[cfg(feature = "aws")]
use crate::signer::Signer;
use crate::{
    client::{Client, Settings},
    error::{Error, Result},
    tls,
};

/// What the audit shows as the program.
const USER_AGENT: &str = concat!("tasker-client/", env!("CARGO_PKG_VERSION"), " (Rust)");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// A server that cannot be connected to for so long is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Where `tasker dev` and `tasker serve` listen.
const LOCAL: &str = "http://127.0.0.1:8080";

/// The settings of a client. [`Client::builder`] makes it.
#[must_use]
#[derive(Clone)]
pub struct ClientBuilder {
    url: String,
    credentials: Option<(HeaderName, String)>,
    timeout: Duration,
    retries: u32,
    user_agent: String,
    #[cfg(feature = "aws")]
    signed_by: Option<SharedCredentialsProvider>,
}

/// Without the credentials.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientBuilder").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the server at this URL, such as `https://tasker.example` or `https://example/tasker`.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: url.into(),
            credentials: None,
            timeout: Duration::from_secs(30),
            retries: 3,
            user_agent: USER_AGENT.to_owned(),
            #[cfg(feature = "aws")]
            signed_by: None,
        }
    }

    /// A client of the server at `TASKER_URL` (`http://127.0.0.1:8080`), with the token in `TASKER_AUTH_TOKEN` or else the API
    /// key in `TASKER_API_KEY`. Empty variables count as absent.
    pub fn from_environment() -> Result<Self> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let builder = Self::builder(variable("TASKER_URL").unwrap_or_else(|| LOCAL.to_owned()));
        match (variable("TASKER_AUTH_TOKEN"), variable("TASKER_API_KEY")) {
            (Some(token), _) => builder.bearer(token),
            (None, Some(key)) => builder.api_key(key),
            (None, None) => builder,
        }
        .build()
    }
}

impl ClientBuilder {
    /// Sends this API key (`tsk_…`).
    pub fn api_key(self, key: impl Into<String>) -> Self {
        Self { credentials: Some((API_KEY, key.into())), ..self }
    }

    /// Sends this token of the identity provider, instead of an API key.
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        Self { credentials: Some((AUTHORIZATION, format!("Bearer {}", token.as_ref()))), ..self }
    }

    /// The time limit of each attempt. Default: 30 seconds.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How often a request that may be repeated is repeated. Default: 3.
    pub fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// What the audit shows as the program. Default: `tasker-client/<version> (Rust)`.
    pub fn user_agent(self, program: impl Into<String>) -> Self {
        Self { user_agent: program.into(), ..self }
    }

    /// Signs requests with credentials of AWS (Signature Version 4), if the URL is one of API Gateway or of a Lambda function.
    /// They are asked for with the first request, and again before they expire; if there are none, requests are not signed.
    #[cfg(feature = "aws")]
    pub fn sign_with(self, credentials: impl ProvideCredentials + 'static) -> Self {
        Self { signed_by: Some(SharedCredentialsProvider::new(credentials)), ..self }
    }

    /// Makes the client. Fails with [`Error::Invalid`] if the URL is not one of HTTP or HTTPS, or the credentials are not
    /// visible ASCII. Sends nothing.
    pub fn build(self) -> Result<Client> {
        let wrong_url = |why: &str| Error::Invalid(format!("the URL `{}` {why}", self.url));
        let mut url = Url::parse(&self.url).map_err(|error| wrong_url(&format!("is not valid: {error}")))?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err(wrong_url("must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(wrong_url("must have neither a user nor a query"));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let mut credentials = None;
        if let Some((name, text)) = self.credentials {
            let mut value = HeaderValue::try_from(text.trim())
                .map_err(|_| Error::Invalid("the credentials are not visible ASCII".to_owned()))?;
            value.set_sensitive(true);
            credentials = Some((name, value));
        }
        let http = reqwest::Client::builder()
            .user_agent(self.user_agent)
            // The client follows them itself: another host must not get the credentials.
            .redirect(Policy::none())
            // Repetitions are the client's, too.
            .retry(reqwest::retry::never())
            .tls_backend_preconfigured(tls::configuration()?)
            .connect_timeout(CONNECT_TIMEOUT);
        let http = if is_here(&url) { http.no_proxy() } else { http };
        let http = http
            .build()
            .map_err(|error| Error::Invalid(format!("the HTTP client cannot be made: {error}")))?;
        let (timeout, retries) = (self.timeout, self.retries);
        #[cfg(feature = "aws")]
        let signer = match self.signed_by {
            Some(provider) => Signer::of(&url, provider)?.map(Arc::new),
            None => None,
        };
        let settings = Settings {
            http,
            url,
            credentials,
            timeout,
            retries,
            traceparent: None,
            #[cfg(feature = "aws")]
            signer,
        };
        Ok(Client { settings: Arc::new(settings) })
    }
}

/// Whether a URL leads to this machine, which no proxy of the environment reaches.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |address: IpAddr| address.is_loopback();
    host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(is_loopback)
}
