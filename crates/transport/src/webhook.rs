//! Webhooks: delivers events as signed HTTP requests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use ureq::Agent;
use url::Url;

use crate::{
    blob::hex,
    outlet::{DeliveryError, OutgoingEvent, Outlet},
};

/// The timeout of one request.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The minimum length of a secret, in characters.
const MIN_SECRET: usize = 16;

/// Sends events by `POST`. Each request has the header `Tasker-Delivery`, the same at every retry, and
/// `Tasker-Signature`: `t=<Unix seconds>,v1=<HMAC-SHA256 of "<t>.<Tasker-Delivery>.<body>" with the subscription's
/// secret, in lower-case hexadecimal>`. A status from 200 to 299 means that the event was delivered.
#[derive(Debug, Clone)]
pub struct WebhookOutlet {
    agent: Agent,
}

/// The target of a webhook subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    url: String,
    /// Generated if absent.
    #[serde(default)]
    secret: Option<String>,
}

impl WebhookOutlet {
    /// Creates an outlet that can reach any URL.
    pub fn new() -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            // Not through the proxy of whoever started this process.
            .proxy(None)
            .http_status_as_error(false)
            // A redirect counts as a failure, so that the operator notices the change.
            .max_redirects(0)
            .build()
            .into();
        Self { agent }
    }
}

impl Default for WebhookOutlet {
    fn default() -> Self {
        Self::new()
    }
}

/// The value of the header `Tasker-Signature`. Subscribers can use it to verify requests.
pub fn signature(secret: &str, at: u64, delivery: &str, body: &str) -> String {
    // HMAC accepts a key of any length.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{at}.{delivery}.").as_bytes());
    mac.update(body.as_bytes());
    format!("t={at},v1={}", hex(&mac.finalize().into_bytes()))
}

#[async_trait]
impl Outlet for WebhookOutlet {
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError> {
        let mut target = read(target)?;
        let is_web = Url::parse(&target.url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
        if !is_web {
            let message = format!("`url` is `{}`; it must start with https:// or http://", target.url);
            return Err(DeliveryError(message));
        }
        let secret = target.secret.get_or_insert_with(random_secret);
        if secret.len() < MIN_SECRET {
            return Err(DeliveryError(format!(
                "`secret` is too short; it needs at least {MIN_SECRET} characters"
            )));
        }
        serde_json::to_value(&target).map_err(|error| DeliveryError(error.to_string()))
    }

    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<(), DeliveryError> {
        let (agent, event) = (self.agent.clone(), event.clone());
        let target = read(target)?;
        let sent = tokio::task::spawn_blocking(move || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let secret = target.secret.as_deref().unwrap_or_default();
            let signature = signature(secret, now, &event.delivery, &event.body);
            let answer = agent
                .post(&target.url)
                .header("content-type", "application/cloudevents+json")
                .header("tasker-delivery", &event.delivery)
                .header("tasker-signature", &signature)
                .send(&event.body)
                .map_err(|error| DeliveryError(format!("{}: {error}", target.url)))?;
            if answer.status().is_success() {
                return Ok(());
            }
            Err(DeliveryError(format!("{} returned {}", target.url, answer.status())))
        });
        sent.await.map_err(|error| DeliveryError(error.to_string()))?
    }
}

fn read(target: &Value) -> Result<Target, DeliveryError> {
    serde_json::from_value(target.clone())
        .map_err(|error| DeliveryError(format!("the target of a webhook must be {{url, secret}}: {error}")))
}

fn random_secret() -> String {
    // UUID version 4 uses the random generator of the operating system.
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}
