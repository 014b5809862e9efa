//! An OpenID provider at which users log in: the authorization code flow with PKCE (RFC 7636), as its description says
//! (OpenID Connect Discovery).

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ipnet::IpNet;
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use url::{Url, form_urlencoded};

use crate::{
    fetch::{Https, Source},
    identity::Identity,
    refusal::Refusal,
    schedule::apart,
    settings::{ClaimNames, Keys, Settings, SettingsError},
    verify::Verifier,
};

/// How long a description is used.
const FRESH: Duration = Duration::from_hours(1);
/// The pause after a description could not be fetched.
const RETRY: Duration = Duration::from_secs(5);

/// An OpenID provider, and this server as its client.
#[derive(Clone)]
pub struct ProviderSettings {
    /// The issuer: an HTTPS URL, below which its description is.
    pub issuer: String,
    /// What names this server there.
    pub client_id: String,
    /// The secret of this server there. None: a public client, which PKCE alone protects.
    pub client_secret: Option<String>,
    /// What is asked for, beside `openid`.
    pub scopes: Vec<String>,
    /// The URL to which the provider sends browsers back.
    pub redirect_uri: String,
    /// The algorithms of its tokens.
    pub algorithms: Vec<String>,
    /// How far `nbf` and `iat` may be in the future.
    pub leeway: Duration,
    /// Where its tokens say what they grant.
    pub claims: ClaimNames,
    /// Networks besides the public Internet that its hosts may be in.
    pub allow_private: Vec<IpNet>,
    /// The certificates, in PEM, of the authorities that may have signed its own. None: the public ones.
    pub certificates: Option<String>,
}

/// Without the secret.
impl std::fmt::Debug for ProviderSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ProviderSettings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// An OpenID provider.
#[derive(Debug)]
pub struct Provider {
    settings: ProviderSettings,
    tls: TlsConfig,
    description: Https,
    known: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: Option<(SystemTime, Arc<Known>)>,
    /// When it could not be fetched, and why.
    failed: Option<(SystemTime, String)>,
}

/// What a provider's description says.
#[derive(Debug)]
struct Known {
    authorization: Url,
    token: Https,
    /// Whether its answers name the issuer (RFC 9207).
    names_issuer: bool,
    /// Whether the client's secret goes into a header, instead of the form.
    takes_basic: bool,
    verifier: Verifier,
}

#[derive(Debug, Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What a browser must bring back, or the provider's token contain, for a login to be the one that was begun.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// In the answer of the provider.
    pub state: String,
    /// In its token.
    pub nonce: String,
    /// What proves to the provider that this server began the login.
    pub verifier: String,
}

impl Secrets {
    /// New ones, of 256 bits each.
    ///
    /// # Panics
    /// The system has no random numbers.
    pub fn random() -> Self {
        let text = || {
            let mut random = [0; 32];
            SystemRandom::new().fill(&mut random).expect("the system has random numbers");
            URL_SAFE_NO_PAD.encode(random)
        };
        Self { state: text(), nonce: text(), verifier: text() }
    }
}

/// What the provider's answer says, through the browser.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// `code`, to be exchanged for a token.
    pub code: &'a str,
    /// `iss`.
    pub issuer: Option<&'a str>,
}

/// Why nobody logged in. For the log: the user learns only which of the two it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefusal {
    /// The provider cannot be reached, or does not work.
    #[error("the identity provider is unavailable: {0}")]
    Unavailable(String),
    /// The answer is not one to this login, or the provider refuses it.
    #[error("{0}")]
    Refused(String),
}

impl From<Refusal> for LoginRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unavailable => Self::Unavailable(refusal.to_string()),
            _ => Self::Refused(refusal.to_string()),
        }
    }
}

impl Provider {
    /// Reads the settings. Connects to nothing yet.
    ///
    /// # Errors
    /// What is wrong with the settings, and what to do.
    pub fn new(settings: ProviderSettings) -> Result<Self, SettingsError> {
        if settings.client_id.is_empty() {
            return Err(SettingsError::NoClient);
        }
        // The key set is known only when the description is.
        let keys = Keys::jwks(settings.issuer.clone());
        tokens_of(&settings, keys).check()?;
        let tls = tls(settings.certificates.as_deref())?;
        let url = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
        let description = Https::trusting(&url, settings.allow_private.clone(), tls.clone())
            .map_err(|problem| SettingsError::Issuer { problem: problem.to_string() })?;
        Ok(Self { settings, tls, description, known: Mutex::default() })
    }

    /// The URL at which a browser logs in.
    ///
    /// # Errors
    /// The provider is unavailable.
    pub async fn login_url(&self, secrets: &Secrets, now: SystemTime) -> Result<String, LoginRefusal> {
        let mut url = self.known(now).await?.authorization.clone();
        let mut scopes = vec!["openid"];
        scopes.extend(self.settings.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid"));
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, secrets.verifier.as_bytes()));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &secrets.state)
            .append_pair("nonce", &secrets.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Exchanges a code for a token, and returns whom it names. The caller has compared `state`.
    ///
    /// # Errors
    /// Why nobody logged in.
    pub async fn identity(
        &self,
        secrets: &Secrets,
        answer: Answer<'_>,
        now: SystemTime,
    ) -> Result<Identity, LoginRefusal> {
        let known = self.known(now).await?;
        let is_issuer = answer.issuer.map_or(!known.names_issuer, |issuer| issuer == self.settings.issuer);
        if !is_issuer {
            return Err(LoginRefusal::Refused(
                "the answer is not of the identity provider: `iss` is another".to_owned(),
            ));
        }
        let (form, authorization) = self.exchange(&known, secrets, answer.code);
        let (status, body) = known
            .token
            .post(form, authorization)
            .await
            .map_err(|error| LoginRefusal::Unavailable(error.to_string()))?;
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        if status != 200 {
            let code = body["error"].as_str().unwrap_or("no code of an error");
            let problem = format!("the token endpoint returned {status} ({code:?})");
            return Err(match status {
                400..=499 => LoginRefusal::Refused(problem),
                _ => LoginRefusal::Unavailable(problem),
            });
        }
        let Some(token) = body["id_token"].as_str() else {
            return Err(LoginRefusal::Refused("the token endpoint returned no `id_token`".to_owned()));
        };
        Ok(known.verifier.verify_login(token, &secrets.nonce, now).await?)
    }

    /// The form that exchanges a code, and the header beside it.
    fn exchange(&self, known: &Known, secrets: &Secrets, code: &str) -> (String, Option<String>) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("code_verifier", &secrets.verifier);
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let client = &self.settings.client_id;
        let authorization = match &self.settings.client_secret {
            Some(secret) if known.takes_basic => {
                let pair = format!("{}:{}", encoded(client), encoded(secret));
                Some(format!("Basic {}", STANDARD.encode(pair)))
            }
            secret => {
                form.append_pair("client_id", client);
                if let Some(secret) = secret {
                    form.append_pair("client_secret", secret);
                }
                None
            }
        };
        (form.finish(), authorization)
    }

    /// The description, fetched if it is not fresh. One is fetched at a time.
    async fn known(&self, now: SystemTime) -> Result<Arc<Known>, LoginRefusal> {
        let mut state = self.known.lock().await;
        if let Some((at, known)) = &state.known
            && apart(now, *at) < FRESH
        {
            return Ok(Arc::clone(known));
        }
        if let Some((at, problem)) = &state.failed
            && apart(now, *at) < RETRY
        {
            return Err(LoginRefusal::Unavailable(problem.clone()));
        }
        let fetched = match self.description.fetch().await {
            Ok(document) => self.read(&document.body),
            Err(error) => Err(error.to_string()),
        };
        match (fetched, &state.known) {
            (Ok(known), _) => {
                let known = Arc::new(known);
                *state = State { known: Some((now, Arc::clone(&known))), failed: None };
                Ok(known)
            }
            // What it said before is better than nothing: endpoints hardly change.
            (Err(problem), Some((_, known))) => {
                let known = Arc::clone(known);
                tracing::warn!(
                    problem,
                    "the description of the identity provider could not be fetched again"
                );
                state.known = Some((now, Arc::clone(&known)));
                Ok(known)
            }
            (Err(problem), None) => {
                tracing::warn!(problem, "the description of the identity provider could not be fetched");
                state.failed = Some((now, problem.clone()));
                Err(LoginRefusal::Unavailable(problem))
            }
        }
    }

    fn read(&self, body: &[u8]) -> Result<Known, String> {
        let said: Description = serde_json::from_slice(body)
            .map_err(|error| format!("its description cannot be read: {error}; check the issuer"))?;
        if said.issuer != self.settings.issuer {
            return Err(format!("its description is of the issuer {:?}; set exactly that", said.issuer));
        }
        let lacks = |methods: &Option<Vec<String>>, method: &str| {
            methods.as_ref().is_some_and(|methods| !methods.iter().any(|known| known == method))
        };
        if lacks(&said.code_challenge_methods_supported, "S256") {
            return Err("it does not support PKCE with S256".to_owned());
        }
        let authorization =
            Url::parse(&said.authorization_endpoint).ok().filter(|url| url.scheme() == "https");
        let authorization = authorization.ok_or("its `authorization_endpoint` is no HTTPS URL")?;
        let https = |name: &str, url: &str| {
            Https::trusting(url, self.settings.allow_private.clone(), self.tls.clone())
                .map_err(|problem| format!("its `{name}` {problem}"))
        };
        let keys = Keys::Jwks {
            url: said.jwks_uri.clone(),
            refresh: FRESH,
            max_stale: FRESH,
            allow_private: self.settings.allow_private.clone(),
        };
        let source = Arc::new(https("jwks_uri", &said.jwks_uri)?);
        let verifier = Verifier::with_source(tokens_of(&self.settings, keys), source);
        Ok(Known {
            authorization,
            token: https("token_endpoint", &said.token_endpoint)?,
            names_issuer: said.authorization_response_iss_parameter_supported,
            takes_basic: !lacks(&said.token_endpoint_auth_methods_supported, "client_secret_basic"),
            verifier: verifier.map_err(|error| error.to_string())?,
        })
    }
}

/// What the provider's tokens must be: for this client.
fn tokens_of(settings: &ProviderSettings, keys: Keys) -> Settings {
    Settings {
        algorithms: settings.algorithms.clone(),
        leeway: settings.leeway,
        claims: settings.claims.clone(),
        ..Settings::new(&settings.issuer, &settings.client_id, keys)
    }
}

/// Trusts these authorities, or the public ones.
fn tls(certificates: Option<&str>) -> Result<TlsConfig, SettingsError> {
    let Some(text) = certificates else { return Ok(TlsConfig::default()) };
    let bad = |problem: String| SettingsError::Certificates { problem };
    let mut roots = Vec::new();
    for item in parse_pem(text.as_bytes()) {
        match item {
            Ok(PemItem::Certificate(certificate)) => roots.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(bad(format!("cannot be read as PEM: {error}"))),
        }
    }
    if roots.is_empty() {
        return Err(bad("hold none in PEM (`-----BEGIN CERTIFICATE-----`)".to_owned()));
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build())
}
