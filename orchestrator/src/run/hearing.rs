//! Whether reports come through, so that the silence of a host means something.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Whether reports come through. While they do not, a host only seems silent. Afterwards, the reports that waited must be
/// applied before a silent host counts as lost.
#[derive(Debug)]
pub(crate) struct Hearing(Mutex<Since>);

#[derive(Debug, Clone, Copy)]
enum Since {
    /// Reports taken by somebody who did not come to apply them are visible again by then.
    LostUntil(Instant),
    Good,
}

impl Hearing {
    /// As after a predecessor whose queue had this visibility time.
    pub(crate) fn lost(visibility: Duration) -> Self {
        Self(Mutex::new(Since::LostUntil(Instant::now() + visibility)))
    }

    pub(crate) fn is_lost(&self, visibility: Duration) {
        *self.since() = Since::LostUntil(Instant::now() + visibility);
    }

    /// No report waits.
    pub(crate) fn has_caught_up(&self) {
        let mut since = self.since();
        if matches!(*since, Since::LostUntil(until) if Instant::now() >= until) {
            *since = Since::Good;
        }
    }

    /// Nothing that was reported can be on its way.
    pub(crate) fn starts_afresh(&self) {
        *self.since() = Since::Good;
    }

    pub(crate) fn is_good(&self) -> bool {
        matches!(*self.since(), Since::Good)
    }

    fn since(&self) -> MutexGuard<'_, Since> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
