//! Counts per minute, by whom: limits what one address or principal can cause.

use std::{
    collections::HashMap,
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
        self.with(|counts| counts.get(name).copied().unwrap_or(0))
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, u32>) -> T) -> T {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.0.elapsed() >= MINUTE {
            *counted = (Instant::now(), HashMap::new());
        }
        work(&mut counted.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn counts_begin_again_with_each_minute_and_hold_few_names() {
        let counts = PerMinute::default();
        assert_eq!((counts.add("a"), counts.add("a"), counts.count("b")), (1, 2, 0));
        tokio::time::advance(MINUTE).await;
        assert_eq!(counts.count("a"), 0);
        for name in 0..=MOST_NAMES {
            counts.add(&name.to_string());
        }
        assert_eq!(counts.count(OTHERS), 1);
        assert_eq!(counts.add("0"), 2, "a known name is still counted apart");
    }
}
