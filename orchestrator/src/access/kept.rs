//! Callers whose credentials were verified a moment ago, so that not every request asks the database.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::caller::Caller;
use crate::error::Error;

/// How long a verdict is kept, which is how soon other processes learn that a key was revoked.
const KEPT: Duration = Duration::from_secs(2);
/// The maximum number of kept verdicts. Only those on valid credentials are kept: others cost a lookup in an index each.
const MAX_KEPT: usize = 10_000;

/// The valid credentials that were used lately, by their hash: API keys and sessions, which end with their keys. Sessions of open
/// streams are there a second time, by a longer text.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    callers: HashMap<Vec<u8>, (Instant, Arc<Caller>)>,
    /// How often credentials have ended here. A verdict from before that is not kept.
    changes: u64,
}

impl Kept {
    /// Returns the caller of these credentials, as kept or as looked up.
    pub(super) async fn or_look_up(
        &self,
        digest: Vec<u8>,
        look_up: impl Future<Output = Result<Option<Caller>, Error>>,
    ) -> Result<Option<Arc<Caller>>, Error> {
        let changes = {
            let state = self.state();
            if let Some((at, caller)) = state.callers.get(&digest)
                && at.elapsed() < KEPT
            {
                return Ok(Some(Arc::clone(caller)));
            }
            state.changes
        };
        let now = Instant::now();
        let caller = look_up.await?.map(Arc::new);
        let mut state = self.state();
        match &caller {
            Some(caller) if state.changes == changes => {
                if state.callers.len() >= MAX_KEPT {
                    state.callers.clear();
                }
                state.callers.insert(digest, (now, Arc::clone(caller)));
            }
            Some(_) => {}
            None => drop(state.callers.remove(&digest)),
        }
        Ok(caller)
    }

    /// Forgets all verdicts, because credentials have ended.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.callers.clear();
        state.changes += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
