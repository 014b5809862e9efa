//! Verifies tokens: parses, finds the key, checks the signature and then the claims.

use std::{sync::Arc, time::SystemTime};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    algorithm::Algorithm,
    claims::{Rules, check_login},
    fetch::{Https, Source},
    identity::Identity,
    jwks::{Jwks, NotReady},
    key::{Key, KeySet, MAX_KEYS},
    pem,
    refusal::Refusal,
    settings::{Keys, Settings, SettingsError},
    token::Token,
};

/// Verifies tokens of one issuer for one audience.
#[derive(Debug)]
pub struct Verifier {
    algorithms: Vec<Algorithm>,
    rules: Rules,
    keys: Store,
}

#[derive(Debug)]
enum Store {
    /// Keys that never change.
    Fixed(KeySet),
    /// Keys of a URL.
    Jwks(Arc<Jwks>),
}

impl Verifier {
    /// Builds a verifier. Connects to nothing yet.
    ///
    /// # Errors
    /// What is wrong with the settings, and what to do.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        Self::build(settings, None)
    }

    /// Builds a verifier whose key set comes from `source` instead of the URL, for tests.
    ///
    /// # Errors
    /// What is wrong with the settings, and what to do.
    pub fn with_source(settings: Settings, source: Arc<dyn Source>) -> Result<Self, SettingsError> {
        Self::build(settings, Some(source))
    }

    fn build(settings: Settings, source: Option<Arc<dyn Source>>) -> Result<Self, SettingsError> {
        let algorithms = settings.check()?;
        let keys = match settings.keys {
            Keys::Pem(texts) => Store::Fixed(fixed(&texts)?),
            Keys::Jwks { url, refresh, max_stale, allow_private } => {
                let https = Https::new(&url, allow_private)?;
                Store::Jwks(Jwks::new(source.unwrap_or_else(|| Arc::new(https)), url, refresh, max_stale))
            }
        };
        let Settings { issuer, audience, leeway, max_lifetime, claims: names, .. } = settings;
        Ok(Self { algorithms, rules: Rules { issuer, audience, leeway, max_lifetime, names }, keys })
    }

    /// Verifies a token in compact serialization, without `Bearer `. With a key set it may wait for a fetch, which takes
    /// 5 s at most and needs a Tokio runtime.
    ///
    /// # Errors
    /// Why the token is refused; the caller's client learns the status only.
    pub async fn verify(&self, token: &str, now: SystemTime) -> Result<Identity, Refusal> {
        let claims = self.claims(token, now).await?;
        self.rules.identity(&claims, now)
    }

    /// As [`Verifier::verify`], for the ID token of a login with this `nonce`, whose client is the audience.
    pub(crate) async fn verify_login(
        &self,
        token: &str,
        nonce: &str,
        now: SystemTime,
    ) -> Result<Identity, Refusal> {
        let claims = self.claims(token, now).await?;
        check_login(&claims, nonce, &self.rules.audience)?;
        self.rules.identity(&claims, now)
    }

    /// The claims of a token whose signature is right.
    async fn claims(&self, token: &str, now: SystemTime) -> Result<Map<String, Value>, Refusal> {
        let token = Token::read(token)?;
        let algorithm = token.algorithm.parse().map_err(|_| Refusal::Algorithm)?;
        if !self.algorithms.contains(&algorithm) {
            return Err(Refusal::Algorithm);
        }
        match &self.keys {
            Store::Fixed(keys) => keys.verify(None, algorithm, token.message, &token.signature)?,
            Store::Jwks(jwks) => {
                let kid = token.key.as_deref();
                jwks.keys(kid, now).await?.verify(kid, algorithm, token.message, &token.signature)?;
            }
        }
        token.claims()
    }

    /// Whether there are keys to verify tokens with, for readiness.
    ///
    /// # Errors
    /// Why there are none.
    pub fn ready(&self, now: SystemTime) -> Result<(), NotReady> {
        match &self.keys {
            Store::Fixed(_) => Ok(()),
            Store::Jwks(jwks) => jwks.ready(now),
        }
    }

    /// Keeps a key set fresh until `stop`: fetches it at once, and whenever it is due. A failure is logged, and the fetch
    /// repeated. Servers spawn it; where nothing runs between requests, [`Verifier::verify`] alone does the same as
    /// tokens arrive.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        match &self.keys {
            Store::Fixed(_) => stop.cancelled().await,
            Store::Jwks(jwks) => jwks.run(SystemTime::now, stop).await,
        }
    }
}

fn fixed(texts: &[String]) -> Result<KeySet, SettingsError> {
    let mut keys = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let read = pem::read(text).map_err(|problem| SettingsError::pem(index + 1, &problem))?;
        keys.extend(read.into_iter().map(|public| Key { id: None, algorithm: None, public }));
    }
    match keys.len() {
        0 => Err(SettingsError::NoKey),
        1..=MAX_KEYS => Ok(KeySet(keys)),
        count => Err(SettingsError::TooManyKeys(count)),
    }
}
