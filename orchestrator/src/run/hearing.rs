//! Tracks whether reports get through, which decides whether a host without reports is lost.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

/// How long hosts may take to report after the queue returns. They retry after one second, and wait up to two for a
/// connection to PostgreSQL.
const HOSTS_RETURN: Duration = Duration::from_secs(5);

/// Whether reports get through. While they do not, missing reports prove nothing about a host. Afterwards hosts need time to
/// send them, and the waiting reports must be applied, before a host counts as lost.
#[derive(Debug)]
pub(crate) struct Hearing {
    /// Within this time of the queue's return, hosts have reported. Reports that another process received and did not apply
    /// are visible again too.
    grace: Duration,
    visibility: Duration,
    state: Mutex<State>,
    /// How many batches are being applied.
    in_hand: AtomicUsize,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// The queue did not respond the last time.
    silent: bool,
    /// None once the waiting reports are applied.
    lost_until: Option<Instant>,
    /// When the last sweep ended, by a clock that goes on while the machine is suspended.
    swept: Option<SystemTime>,
}

impl State {
    fn is_lost(&mut self, time: Duration) {
        self.lost_until = self.lost_until.max(Some(Instant::now() + time));
    }
}

/// A batch that is being applied.
pub(crate) struct InHand<'a>(&'a Hearing);

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.in_hand.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Hearing {
    /// The state before the first call to a queue with this visibility time.
    pub(crate) fn new(visibility: Duration) -> Self {
        let state = State { silent: true, lost_until: Some(Instant::now()), swept: None };
        Self {
            grace: visibility.max(HOSTS_RETURN),
            visibility,
            state: Mutex::new(state),
            in_hand: AtomicUsize::new(0),
        }
    }

    /// Records that the queue does not respond.
    pub(crate) fn is_silent(&self) {
        let mut state = self.state();
        state.silent = true;
        state.is_lost(Duration::ZERO);
    }

    /// Records that the queue responds. Only now can hosts report again: how long ago it last failed says nothing, because
    /// the call that succeeds may have waited for its return.
    pub(crate) fn responds(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.silent) {
            state.is_lost(self.grace);
        }
    }

    /// Records that some reports arrive only after this wait.
    pub(crate) fn is_lost(&self, wait: Duration) {
        self.state().is_lost(self.grace + wait);
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
        let mut state = self.state();
        if !state.silent && state.lost_until.is_some_and(|until| Instant::now() >= until) {
            state.lost_until = None;
        }
    }

    /// Records that no report can be in the queue.
    pub(crate) fn starts_afresh(&self) {
        let mut state = self.state();
        (state.silent, state.lost_until) = (false, None);
    }

    /// Returns whether a sweep that begins at this time may take silent hosts for lost. Sweeps follow each other in this
    /// interval: if one is late, this process or the machine was stopped, and hosts perhaps too.
    pub(crate) fn may_judge_hosts(&self, now: SystemTime, interval: Duration) -> bool {
        let mut state = self.state();
        let since_last = state.swept.map(|last| now.duration_since(last).unwrap_or_default());
        if since_last.is_some_and(|time| time > interval + self.visibility) {
            state.is_lost(self.grace);
        }
        !state.silent && state.lost_until.is_none()
    }

    /// Records that a sweep has ended.
    pub(crate) fn has_swept(&self, now: SystemTime) {
        self.state().swept = Some(now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VISIBILITY: Duration = Duration::from_secs(30);
    const INTERVAL: Duration = Duration::from_secs(5);
    const SECOND: Duration = Duration::from_secs(1);

    fn may_judge(hearing: &Hearing) -> bool {
        hearing.may_judge_hosts(SystemTime::UNIX_EPOCH, INTERVAL)
    }

    /// One that has heard all hosts.
    async fn good() -> Hearing {
        let hearing = Hearing::new(VISIBILITY);
        assert!(!may_judge(&hearing));
        hearing.responds();
        tokio::time::advance(VISIBILITY).await;
        hearing.has_caught_up();
        assert!(may_judge(&hearing));
        hearing
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_have_time_to_report_from_the_return_of_the_queue_on() {
        let hearing = good().await;
        hearing.is_silent();
        // A call that waits for the return fails no more.
        tokio::time::advance(100 * VISIBILITY).await;
        hearing.has_caught_up();
        assert!(!may_judge(&hearing), "the queue was away");
        hearing.responds();
        hearing.has_caught_up();
        assert!(!may_judge(&hearing), "it has just returned");
        tokio::time::advance(29 * SECOND).await;
        hearing.responds();
        hearing.has_caught_up();
        assert!(!may_judge(&hearing));
        tokio::time::advance(SECOND).await;
        assert!(!may_judge(&hearing), "reports may still wait");
        hearing.has_caught_up();
        assert!(may_judge(&hearing));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_in_hand_may_hold_the_report_of_a_host() {
        let hearing = good().await;
        hearing.is_lost(Duration::ZERO);
        let in_hand = hearing.takes_in_hand();
        tokio::time::advance(VISIBILITY).await;
        hearing.has_caught_up();
        assert!(!may_judge(&hearing));
        drop(in_hand);
        hearing.has_caught_up();
        assert!(may_judge(&hearing));
    }

    #[tokio::test(start_paused = true)]
    async fn reports_that_were_put_off_are_waited_for() {
        let hearing = good().await;
        hearing.is_lost(10 * SECOND);
        hearing.is_silent();
        hearing.is_lost(Duration::ZERO);
        hearing.responds();
        tokio::time::advance(VISIBILITY + 9 * SECOND).await;
        hearing.has_caught_up();
        assert!(!may_judge(&hearing));
        tokio::time::advance(SECOND).await;
        hearing.has_caught_up();
        assert!(may_judge(&hearing));
    }

    #[tokio::test(start_paused = true)]
    async fn a_sweep_after_a_pause_judges_no_host() {
        let hearing = good().await;
        hearing.has_swept(SystemTime::UNIX_EPOCH);
        let mut now = SystemTime::UNIX_EPOCH + INTERVAL + VISIBILITY;
        assert!(hearing.may_judge_hosts(now, INTERVAL), "a late one");
        // It takes long.
        now += 10 * VISIBILITY;
        hearing.has_swept(now);
        assert!(hearing.may_judge_hosts(now + INTERVAL, INTERVAL));
        now += INTERVAL + VISIBILITY + SECOND;
        assert!(!hearing.may_judge_hosts(now, INTERVAL));
        hearing.has_swept(now);
        tokio::time::advance(VISIBILITY).await;
        hearing.has_caught_up();
        assert!(hearing.may_judge_hosts(now + INTERVAL, INTERVAL));
    }

    #[test]
    fn a_short_visibility_leaves_hosts_time_to_connect() {
        assert_eq!(Hearing::new(SECOND).grace, HOSTS_RETURN);
    }
}
