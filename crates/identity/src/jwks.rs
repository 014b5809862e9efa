//! The key set of a URL, cached: which fetch a token may cause, and which keys it is verified with.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio_util::sync::CancellationToken;

use crate::{absent::Absent, fetch::Source, jwk, key::KeySet, refusal::Refusal, schedule::Schedule};

/// The longest `kid` that causes a fetch, in bytes, so that little is remembered of unknown ones.
const MAX_KID: usize = 256;

/// The loop looks at the clock at least and at most this often, because a clock may be set.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// The keys are too old, or were never fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keys of {url} are unavailable: {problem}")]
pub struct NotReady {
    /// The URL of the key set.
    pub url: String,
    /// Why the last fetch failed.
    pub problem: String,
}

/// A cached key set.
#[derive(Debug)]
pub(crate) struct Jwks {
    source: Arc<dyn Source>,
    url: String,
    state: Mutex<State>,
    /// Held during a fetch, so that there is one at a time.
    flight: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct State {
    keys: Arc<KeySet>,
    schedule: Schedule,
    absent: Absent,
    /// How many fetches have ended.
    ended: u64,
    /// Why the last fetch failed.
    problem: Option<String>,
}

/// Why a fetch is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Due,
    UnknownKey,
}

impl Jwks {
    pub(crate) fn new(
        source: Arc<dyn Source>,
        url: String,
        refresh: Duration,
        max_stale: Duration,
    ) -> Arc<Self> {
        let state = State {
            keys: Arc::default(),
            schedule: Schedule::new(refresh, max_stale),
            absent: Absent::default(),
            ended: 0,
            problem: None,
        };
        Arc::new(Self { source, url, state: Mutex::new(state), flight: Arc::default() })
    }

    /// The keys to verify a token with. Fetches them if they are due, or if there is none of this `kid` and a fetch is
    /// allowed.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] if they are too old, or were never fetched.
    pub(crate) async fn keys(
        self: &Arc<Self>,
        kid: Option<&str>,
        now: SystemTime,
    ) -> Result<Arc<KeySet>, Refusal> {
        let (before, due, stale) = {
            let state = self.state();
            (state.ended, state.schedule.is_due(now), state.schedule.is_stale(now))
        };
        let mut fetched = false;
        // Once a fetch has started, keys that are still usable are not due: other callers do not wait for it.
        if stale || due {
            fetched = self.refresh(Cause::Due, before, now).await;
        }
        let Some(kid) = kid else { return self.usable(now) };
        let (is_known, may_fetch) = {
            let state = self.state();
            let may_fetch = kid.len() <= MAX_KID && !state.absent.contains(kid, now);
            (state.keys.has(kid), may_fetch)
        };
        if !is_known && may_fetch {
            // A set that was fetched for this very call is not fetched again.
            fetched |= self.refresh(Cause::UnknownKey, before, now).await;
            let mut state = self.state();
            if fetched && state.problem.is_none() && !state.keys.has(kid) {
                state.absent.insert(kid, now);
            }
        }
        self.usable(now)
    }

    /// Whether the keys can be used.
    pub(crate) fn ready(&self, now: SystemTime) -> Result<(), NotReady> {
        let state = self.state();
        if !state.schedule.is_stale(now) {
            return Ok(());
        }
        let problem = state.problem.clone().unwrap_or_else(|| "they have not been fetched yet".to_owned());
        Err(NotReady { url: self.url.clone(), problem })
    }

    /// Fetches the set now, and whenever it is due, until `stop`.
    pub(crate) async fn run(self: &Arc<Self>, clock: impl Fn() -> SystemTime, stop: CancellationToken) {
        let all = async {
            loop {
                let now = clock();
                let (before, due) = {
                    let state = self.state();
                    (state.ended, state.schedule.is_due(now))
                };
                if due {
                    self.refresh(Cause::Due, before, now).await;
                }
                let wait = self.state().schedule.wait(clock());
                tokio::time::sleep(wait.clamp(LOOK.0, LOOK.1)).await;
            }
        };
        stop.run_until_cancelled(all).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic leaves no half-written state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn usable(&self, now: SystemTime) -> Result<Arc<KeySet>, Refusal> {
        let state = self.state();
        if state.schedule.is_stale(now) { Err(Refusal::Unavailable) } else { Ok(state.keys.clone()) }
    }

    /// Fetches the set, unless a fetch ended since the caller saw `before` of them, or none is allowed yet. Waits for a
    /// running fetch. Returns whether it fetched.
    async fn refresh(self: &Arc<Self>, cause: Cause, before: u64, now: SystemTime) -> bool {
        let flight = self.flight.clone().lock_owned().await;
        {
            let mut state = self.state();
            let allowed = match cause {
                Cause::Due => state.schedule.is_due(now),
                Cause::UnknownKey => state.schedule.may_force(now),
            };
            if state.ended != before || !allowed {
                return false;
            }
            state.schedule.start(now, cause == Cause::UnknownKey);
        }
        // A task of its own: a client that goes away does not waste the fetch.
        let this = self.clone();
        let fetch = async move {
            this.fetch(now).await;
            drop(flight);
        };
        tokio::spawn(fetch).await.is_ok()
    }

    /// A failed fetch changes no keys.
    async fn fetch(&self, started: SystemTime) {
        let fetched = self.source.fetch().await.map_err(|error| error.to_string()).and_then(|document| {
            let keys = jwk::read(&document.body, &self.url).map_err(|error| error.to_string())?;
            Ok((keys, document.max_age))
        });
        let mut state = self.state();
        state.ended += 1;
        match fetched {
            Ok((keys, max_age)) => {
                if keys.0.is_empty() {
                    tracing::warn!(url = self.url, "the key set has no key that can verify a signature");
                }
                state.keys = Arc::new(keys);
                state.schedule.succeed(started, max_age);
                state.problem = None;
            }
            Err(problem) => {
                tracing::warn!(url = self.url, problem, "the key set could not be fetched");
                state.problem = Some(problem);
            }
        }
    }
}

#[cfg(test)]
mod tests;
