//! Tokens that confirm a preview: sealed, short-lived, and used once.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// How long a token is valid, in seconds.
const SECONDS: i64 = 5 * 60;
/// The most used tokens that are remembered. Beyond, those that expire first are forgotten.
const MOST_USED: usize = 10_000;

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Expired,
    /// Of another tool, other arguments, another caller, or another state of the target.
    Foreign,
    Used,
}

impl Refusal {
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Expired => "the token has expired: look at this new preview and confirm it",
            Self::Foreign => {
                "the token does not fit: the target has changed since the preview, or the arguments or the caller are \
                 others; look at this new preview and confirm it"
            }
            Self::Used => {
                "the token was used before: look at this new preview and confirm it to act once more"
            }
        }
    }
}

/// What a token is for.
pub(crate) struct Intent<'a> {
    pub(crate) tool: &'a str,
    /// Without `confirm`.
    pub(crate) arguments: &'a Map<String, Value>,
    pub(crate) principal: &'a Value,
    pub(crate) fingerprint: &'a Value,
}

/// Tokens: when each expires, and its seal.
type Used = BTreeSet<(i64, Vec<u8>)>;

/// Makes tokens and accepts each once in this process.
pub(crate) struct Confirmations {
    secret: [u8; 32],
    /// The used tokens, by their expiry.
    used: Mutex<Used>,
}

impl Confirmations {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self { secret, used: Mutex::default() }
    }

    /// Returns a token for what a preview shows.
    pub(crate) fn token(&self, intent: &Intent<'_>, now: DateTime<Utc>) -> String {
        let expires = now.timestamp() + SECONDS;
        let mut token = expires.to_be_bytes().to_vec();
        if let Some(mac) = self.mac(intent, expires) {
            token.extend(mac.finalize().into_bytes());
        }
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// Accepts a token, which counts as used from then on, unless what it confirmed did not end.
    pub(crate) fn accept(
        &self,
        token: &str,
        intent: &Intent<'_>,
        now: DateTime<Utc>,
    ) -> Result<Accepted<'_>, Refusal> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| Refusal::Foreign)?;
        let (expires, tag) = bytes.split_first_chunk::<8>().ok_or(Refusal::Foreign)?;
        let expires = i64::from_be_bytes(*expires);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        // Told before the check of the seal, since acting changes the target and so breaks the seal. Only holders of the
        // token can ask.
        if used.contains(&(expires, tag.to_vec())) {
            return Err(Refusal::Used);
        }
        let mac = self.mac(intent, expires).ok_or(Refusal::Foreign)?;
        mac.verify_slice(tag).map_err(|_| Refusal::Foreign)?;
        if expires <= now.timestamp() {
            return Err(Refusal::Expired);
        }
        while used.first().is_some_and(|(expires, _)| *expires <= now.timestamp()) || used.len() >= MOST_USED
        {
            used.pop_first();
        }
        used.insert((expires, tag.to_vec()));
        drop(used);
        Ok(Accepted { used: &self.used, token: Some((expires, tag.to_vec())) })
    }

    fn mac(&self, intent: &Intent<'_>, expires: i64) -> Option<Hmac<Sha256>> {
        // A key of any length is accepted, so this is always there.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(b"tasker confirmation 1");
        mac.update(&expires.to_be_bytes());
        let arguments = Value::Object(intent.arguments.clone());
        for part in [&Value::from(intent.tool), &arguments, intent.principal, intent.fingerprint] {
            mac.update(&Sha256::digest(canonical(part)));
        }
        Some(mac)
    }
}

/// A token that was accepted. Dropped before the outcome of its request is known, it can be used again: the same token
/// repeats the same `Idempotency-Key`, so that nothing is done twice.
pub(crate) struct Accepted<'a> {
    used: &'a Mutex<Used>,
    token: Option<(i64, Vec<u8>)>,
}

impl Accepted<'_> {
    /// The request has ended.
    pub(crate) fn ended(mut self) {
        self.token = None;
    }
}

impl Drop for Accepted<'_> {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            self.used.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
        }
    }
}

/// Returns what tells a confirmed request from others, for `Idempotency-Key`.
pub(crate) fn idempotency_key(token: &str) -> String {
    format!("mcp-{}", BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token)))
}

/// JSON with sorted keys, so that equal values are equal texts.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            let entries: Vec<String> = entries
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}
