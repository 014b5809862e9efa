//! Tracks whether reports get through, which decides whether a host without reports is lost.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Whether reports get through. While they do not, missing reports prove nothing about a host. Afterwards the waiting
/// reports must be applied before a host counts as lost.
#[derive(Debug)]
pub(crate) struct Hearing {
    since: Mutex<Since>,
    /// How many batches are being applied.
    in_hand: AtomicUsize,
}

#[derive(Debug, Clone, Copy)]
enum Since {
    /// Reports that another process received and did not apply are visible again by then.
    LostUntil(Instant),
    Good,
}

/// A batch that is being applied.
pub(crate) struct InHand<'a>(&'a Hearing);

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.in_hand.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Hearing {
    /// The state after a previous process whose queue had this visibility time.
    pub(crate) fn lost(visibility: Duration) -> Self {
        let since = Since::LostUntil(Instant::now() + visibility);
        Self { since: Mutex::new(since), in_hand: AtomicUsize::new(0) }
    }

    /// Records that reports do not get through, for this long at least.
    pub(crate) fn is_lost(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut since = self.since();
        *since = match *since {
            Since::LostUntil(before) => Since::LostUntil(before.max(until)),
            Since::Good => Since::LostUntil(until),
        };
    }

    /// Records that a batch is being applied, by one of several loops, until this is dropped.
    pub(crate) fn takes_in_hand(&self) -> InHand<'_> {
        self.in_hand.fetch_add(1, Ordering::SeqCst);
        InHand(self)
    }

    /// Records that no report is waiting, unless another loop still applies some.
    pub(crate) fn has_caught_up(&self) {
        if self.in_hand.load(Ordering::SeqCst) > 0 {
            return;
        }
        let mut since = self.since();
        if matches!(*since, Since::LostUntil(until) if Instant::now() >= until) {
            *since = Since::Good;
        }
    }

    /// Records that no report can be in the queue.
    pub(crate) fn starts_afresh(&self) {
        *self.since() = Since::Good;
    }

    pub(crate) fn is_good(&self) -> bool {
        matches!(*self.since(), Since::Good)
    }

    fn since(&self) -> MutexGuard<'_, Since> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
