//! Counts per minute, by whom: limits what one address or principal can cause.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
/// The maximum number of names that are counted apart. Further ones count together.
const MOST_NAMES: usize = 10_000;
/// The name of those.
const OTHERS: &str = "";

/// Counts since the beginning of the current minute.
#[derive(Debug)]
pub(crate) struct PerMinute(Mutex<(Instant, HashMap<String, u32>)>);

impl Default for PerMinute {
    fn default() -> Self {
        Self(Mutex::new((Instant::now(), HashMap::new())))
    }
}

impl PerMinute {
    /// Counts one more, and returns how many there are.
    pub(crate) fn add(&self, name: &str) -> u32 {
        self.with(|counts| {
            let is_new = !counts.contains_key(name);
            let name = if is_new && counts.len() >= MOST_NAMES { OTHERS } else { name };
            let count = counts.entry(name.to_owned()).or_default();
            *count = count.saturating_add(1);
            *count
        })
    }

    /// Returns how many there are.
    pub(crate) fn count(&self, name: &str) -> u32 {
        self.with(|counts| {
            let is_new = !counts.contains_key(name);
            let name = if is_new && counts.len() >= MOST_NAMES { OTHERS } else { name };
            counts.get(name).copied().unwrap_or_default()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, u32>) -> T) -> T {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.0.elapsed() >= MINUTE {
            *counted = (Instant::now(), HashMap::new());
        }
        work(&mut counted.1)
    }
}

/// What stands for an address: of IPv6 the network of 64 bits, which one client has.
pub(crate) fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn counts_begin_again_with_each_minute_and_hold_few_names() {
        let counts = PerMinute::default();
        assert_eq!((counts.add("a"), counts.add("a"), counts.add("b")), (1, 2, 1));
        assert_eq!((counts.count("a"), counts.count("c")), (2, 0));
        tokio::time::advance(MINUTE).await;
        assert_eq!(counts.add("a"), 1);
        for name in 1..MOST_NAMES {
            assert_eq!(counts.add(&name.to_string()), 1);
        }
        assert_eq!(
            (counts.add("one more"), counts.add("another")),
            (1, 2),
            "what exceeds the limit counts together"
        );
        assert_eq!(counts.add("a"), 2, "a known name is still counted apart");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let network = |address: &str| network_of(address.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
    }
}
