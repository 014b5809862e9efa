//! A circuit breaker for each host that receives webhooks, and the subscriptions that wait for one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tasker_transport::{Breaker, BreakerSettings, Clock, Condition};
use uuid::Uuid;

/// The host of a subscriber belongs to somebody else, and may be away for hours.
const HOST: BreakerSettings = BreakerSettings {
    failures: 5,
    first_pause: Duration::from_secs(2),
    longest_pause: Duration::from_secs(60),
};
/// With more hosts than this, those without a failure are forgotten.
const MAX_HOSTS: usize = 1000;

/// The breakers before the hosts of webhooks.
pub(crate) struct Webhooks {
    clock: Clock,
    /// By `host` or `host:port`.
    hosts: Mutex<HashMap<String, Arc<Breaker>>>,
    /// The subscriptions whose host was away.
    waiting: Mutex<HashMap<Uuid, Arc<Breaker>>>,
}

impl Webhooks {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, hosts: Mutex::default(), waiting: Mutex::default() }
    }

    /// The breaker before the target of a subscription. None if it is no webhook.
    pub(crate) fn of_target(&self, kind: &str, target: &Value) -> Option<Arc<Breaker>> {
        let url = target.get("url").filter(|_| kind == "webhook")?.as_str()?;
        let host = host_of(url)?;
        let mut hosts = lock(&self.hosts);
        if let Some(breaker) = hosts.get(host) {
            return Some(Arc::clone(breaker));
        }
        if hosts.len() >= MAX_HOSTS {
            hosts.retain(|_, breaker| !breaker.is_untroubled());
        }
        let breaker = Arc::new(Breaker::new(format!("webhook {host}"), HOST, self.clock.clone()));
        hosts.insert(host.to_owned(), Arc::clone(&breaker));
        Some(breaker)
    }

    /// Takes no more deliveries of this subscription while its host is away.
    pub(crate) fn wait(&self, subscription: Uuid, host: Arc<Breaker>) {
        lock(&self.waiting).insert(subscription, host);
    }

    /// The subscriptions of which no delivery is to be taken now.
    pub(crate) fn waiting(&self) -> Vec<Uuid> {
        let mut waiting = lock(&self.waiting);
        waiting.retain(|_, host| host.condition() != Condition::Closed);
        waiting
            .iter()
            .filter(|(_, host)| host.check().is_err())
            .map(|(subscription, _)| *subscription)
            .collect()
    }

    /// The hosts whose breakers are not closed, in order.
    pub(crate) fn not_closed(&self) -> Vec<(String, Condition)> {
        let hosts = lock(&self.hosts);
        let conditions = hosts.iter().map(|(host, breaker)| (host.clone(), breaker.condition()));
        let mut away: Vec<_> = conditions.filter(|(_, condition)| *condition != Condition::Closed).collect();
        away.sort_by(|(one, _), (other, _)| one.cmp(other));
        away
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host of a URL with its port, without the name and password that may stand before it.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_shows_no_path_query_or_password() {
        for (url, host) in [
            ("https://example.com/hook?token=secret", Some("example.com")),
            ("https://example.com?token=secret", Some("example.com")),
            ("http://me:secret@example.com:8080/", Some("example.com:8080")),
            ("http://[::1]:80#secret", Some("[::1]:80")),
            ("http://", None),
            ("example.com", None),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }

    #[test]
    fn hosts_are_forgotten_only_when_nothing_of_them_failed() {
        let webhooks = Webhooks::new(Clock::default());
        let of = |number: usize| {
            let target = serde_json::json!({ "url": format!("http://host-{number}/") });
            webhooks.of_target("webhook", &target).unwrap()
        };
        of(0).admit().unwrap().failed();
        (1..=MAX_HOSTS).for_each(|number| drop(of(number)));
        assert!(lock(&webhooks.hosts).len() < MAX_HOSTS);
        assert!(!of(0).is_untroubled());
    }
}
