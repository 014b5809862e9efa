//! After an outage: a worker receives nothing until every host had time to renew its leases. The messages of running steps are
//! visible by then and their leases may have ended, so they would run twice.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{RETRY_DELAY, Worker};

/// When a lease of this worker was last found to be overdue.
#[derive(Default)]
pub(super) struct Overdue(Mutex<Option<Instant>>);

impl Overdue {
    pub(super) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How much of this time is left since then.
    fn left_of(&self, time: Duration) -> Duration {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map_or(Duration::ZERO, |last| time.saturating_sub(last.elapsed()))
    }
}

impl Worker {
    fn between_renewals(&self) -> Duration {
        self.0.connections.steps.visibility() / Self::RENEWALS
    }

    /// After how long without renewal a lease shows an outage. Others may be older by the time between two renewals, and end
    /// after nine tenths of the visibility.
    pub(super) fn overdue_after(&self) -> Duration {
        self.0.connections.steps.visibility() / 2
    }

    /// Waits until the queue of steps responds again, which has not responded since this time.
    pub(super) async fn queue_is_back(&self, silent_since: Instant) {
        let steps = &self.0.connections.steps;
        tokio::time::sleep(RETRY_DELAY).await;
        while let Err(error) = steps.backlog().await {
            tracing::debug!(%error, "the queue of steps is still away");
            tokio::time::sleep(RETRY_DELAY).await;
        }
        self.after_silence(silent_since.elapsed()).await;
    }

    /// Waits after the queue did not respond for this long, if leases can have ended in this time.
    pub(super) async fn after_silence(&self, silence: Duration) {
        if silence > self.between_renewals() {
            tokio::time::sleep(self.between_renewals()).await;
        }
    }

    /// Waits while leases of this worker are overdue, and until others had time to renew theirs. For a worker that was full
    /// during the outage, and asked nothing of the queue.
    pub(super) async fn leases_are_renewed(&self) {
        loop {
            if self.0.running.is_any_unanswered_for(self.overdue_after()) {
                self.0.overdue.note();
            }
            let left = self.0.overdue.left_of(self.between_renewals());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Self::PULSE)).await;
        }
    }
}
