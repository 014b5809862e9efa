//! Webhooks: delivers events as signed HTTP requests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use tasker_outbound::{Networks, Refused};
use ureq::{
    Agent,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};
use url::{Host, Url};

use crate::{
    blob::hex,
    outlet::{DeliveryError, OutgoingEvent, Outlet, Sent},
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
    networks: Networks,
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
    /// Creates an outlet that can reach public addresses, and those of `networks`.
    pub fn new(networks: Networks) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            // Not through the proxy of whoever started this process.
            .proxy(None)
            .http_status_as_error(false)
            // A redirect counts as a failure, so that the operator notices the change.
            .max_redirects(0)
            .build();
        let resolver = CheckedResolver { system: DefaultResolver::default(), networks: networks.clone() };
        Self { agent: Agent::with_parts(config, DefaultConnector::default(), resolver), networks }
    }

    /// Refuses a URL whose host is an address that may not be reached. A name is checked at each delivery, because it may
    /// resolve to another address then.
    fn check_host(&self, url: &Url) -> Result<(), Refused> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.networks.check(address.into()),
            Some(Host::Ipv6(address)) => self.networks.check(address.into()),
            Some(Host::Domain(_)) | None => Ok(()),
        }
    }
}

/// Resolves names by the system, and refuses a name any of whose addresses may not be reached.
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

/// What to do about an address that may not be reached.
const ALLOW: &str = "allow its network in `orchestrator.webhook_networks` of tasker.toml, or on AWS in \
                     TASKER_WEBHOOK_NETWORKS of the functions api and deliver";

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
        let url = Url::parse(&target.url).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        let Some(url) = url else {
            let message = format!("`url` is `{}`; it must start with https:// or http://", target.url);
            return Err(DeliveryError::new(message));
        };
        self.check_host(&url)
            .map_err(|refused| DeliveryError::new(format!("`url` is `{url}`: {refused}; {ALLOW}")))?;
        let secret = target.secret.get_or_insert_with(random_secret);
        if secret.len() < MIN_SECRET {
            return Err(DeliveryError::new(format!(
                "`secret` is too short; it needs at least {MIN_SECRET} characters"
            )));
        }
        serde_json::to_value(&target).map_err(|error| DeliveryError::new(error.to_string()))
    }

    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<Sent, DeliveryError> {
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
                .map_err(|error| failure(&target.url, &error))?;
            if answer.status().is_success() {
                return Ok(Sent::Arrived);
            }
            let message = format!("{} returned {}", target.url, answer.status());
            let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
            let retry_after = retry_after.and_then(|value| wait(value, SystemTime::now()));
            let is_away = matches!(answer.status().as_u16(), 502..=504);
            Err(DeliveryError { message, retry_after, is_away })
        });
        sent.await.map_err(|error| DeliveryError::new(error.to_string()))?
    }
}

/// The error of a request without a response. It does not say more, because whoever subscribes reads it, and could explore
/// a network with it.
fn failure(url: &str, error: &ureq::Error) -> DeliveryError {
    tracing::debug!(url, %error, "a webhook could not be called");
    DeliveryError::away(match error {
        ureq::Error::Other(other) if other.is::<Refused>() => {
            return DeliveryError::new(format!("{url}: {other}; {ALLOW}"));
        }
        ureq::Error::Timeout(_) => format!("{url} did not respond in time"),
        ureq::Error::HostNotFound => format!("{url}: there is no such host"),
        _ => format!("{url} could not be reached"),
    })
}

fn read(target: &Value) -> Result<Target, DeliveryError> {
    serde_json::from_value(target.clone()).map_err(|error| {
        DeliveryError::new(format!("the target of a webhook must be {{url, secret}}: {error}"))
    })
}

/// Reads the value of `Retry-After`: seconds, or a date.
fn wait(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value.trim()).ok()?;
    until.duration_since(now).ok()
}

fn random_secret() -> String {
    // UUID version 4 uses the random generator of the operating system.
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_webhook_reaches_no_address_that_is_not_public() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let public = WebhookOutlet::new(Networks::default());
        for url in [
            format!("http://127.0.0.1:{port}/"),
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "https://[::ffff:10.0.0.1]/".to_owned(),
            // Decimal notation of 127.0.0.1.
            "http://2130706433/".to_owned(),
        ] {
            let refused = public.prepare(&json!({ "url": url })).await.unwrap_err();
            assert!(refused.message.contains("webhook_networks"), "{url}: {}", refused.message);
        }
        // A name is checked when it is resolved, at each delivery.
        let target = json!({ "url": format!("http://localhost:{port}/") });
        let target = public.prepare(&target).await.unwrap();
        let event = OutgoingEvent {
            delivery: "1".to_owned(),
            name: "e".to_owned(),
            body: "{}".to_owned(),
            attempt: 1,
        };
        let refused = public.deliver(&target, &event).await.unwrap_err();
        assert!(
            refused.message.contains("loopback") && refused.message.contains("webhook_networks"),
            "{}",
            refused.message
        );
        assert!(listener.accept().is_err(), "nothing was dialled");

        // Whoever subscribes does not learn why a permitted address does not respond.
        let local = WebhookOutlet::new(Networks::default().and_loopback());
        drop(listener);
        let refused = local.deliver(&target, &event).await.unwrap_err();
        assert_eq!(refused.message, format!("http://localhost:{port}/ could not be reached"));
    }

    #[test]
    fn a_target_says_when_to_try_again_in_seconds_or_by_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_677);
        assert_eq!(wait("120", now), Some(Duration::from_secs(120)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(100)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:47:37 GMT", now), None, "it has passed");
        assert_eq!(wait("soon", now), None);
    }
}
