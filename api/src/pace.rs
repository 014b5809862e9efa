//! How many requests each principal may send in a second.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The maximum number of principals that are counted apart. Beyond, those that have been quiet are forgotten.
const MOST_NAMES: usize = 10_000;

/// The pace of each principal: what was not sent in the last second may be sent at once.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The time that one request takes of a principal's. None: no limit.
    each: Option<Duration>,
    /// Until when the requests of each principal have used its time.
    used: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    /// At most this many requests in a second. 0: no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        let each = (per_second > 0).then(|| Duration::from_secs(1) / per_second);
        Self { each, used: Mutex::default() }
    }

    /// Whether there is a limit.
    pub(crate) fn is_limited(&self) -> bool {
        self.each.is_some()
    }

    /// Counts a request. Returns whether it may go on, and how many more may follow at once.
    pub(crate) fn take(&self, name: &str) -> Taken {
        let Some(each) = self.each else { return Taken { may_go_on: true, left: u32::MAX } };
        let now = Instant::now();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST_NAMES && !used.contains_key(name) {
            used.retain(|_, until| *until > now);
        }
        let until = used.get(name).copied().unwrap_or(now).max(now) + each;
        // A refused request uses no time, so that whoever keeps on is let through at the pace.
        let second = now + Duration::from_secs(1);
        if until > second {
            return Taken { may_go_on: false, left: 0 };
        }
        used.insert(name.to_owned(), until);
        let left = (second - until).as_nanos() / each.as_nanos().max(1);
        Taken { may_go_on: true, left: u32::try_from(left).unwrap_or(u32::MAX) }
    }

    /// The headers of a response that say what is left of the pace: `RateLimit` and `RateLimit-Policy`, as the IETF's draft has
    /// them. None: there is no limit.
    pub(crate) fn headers(&self, left: u32) -> Option<[(&'static str, String); 2]> {
        let per_second = Duration::from_secs(1).as_nanos() / self.each?.as_nanos().max(1);
        let policy = format!("\"second\";q={per_second};w=1");
        Some([("ratelimit-policy", policy), ("ratelimit", format!("\"second\";r={left};t=1"))])
    }
}

/// What became of a request that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) may_go_on: bool,
    /// How many more may follow at once.
    pub(crate) left: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_principal_has_its_own_pace() {
        let pace = Pace::new(4);
        let let_through = |name: &str| (0..10).filter(|_| pace.take(name).may_go_on).count();
        assert_eq!((let_through("a"), let_through("b")), (4, 4));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(let_through("a"), 2);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(pace.take("c").left, 3);
        assert_eq!(pace.take("c").left, 2);
        assert_eq!(let_through("a"), 4, "what was not used is not saved for longer than a second");
        let open = Pace::new(0);
        assert!((0..1000).all(|_| open.take("a").may_go_on));
    }
}
