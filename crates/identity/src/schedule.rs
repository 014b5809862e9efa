//! When the key set may and must be fetched. Pure: every time is an argument.

use std::time::{Duration, SystemTime};

/// The shortest time until a fetched set is fetched again, whatever its `max-age`.
const FLOOR: Duration = Duration::from_secs(60);
/// The time from a failed fetch to the next one.
const RETRY: Duration = Duration::from_secs(30);
/// The time between two fetches that unknown keys cause.
const COOLDOWN: Duration = Duration::from_secs(30);
/// At most two fetches start within this time, whatever causes them.
const WINDOW: Duration = Duration::from_secs(60);

/// The time between two times, in either order. A clock that was set back by much thus counts as passed time, and the
/// few milliseconds between concurrent callers do not.
pub(crate) fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}

/// Past fetches, and what follows from them.
#[derive(Debug)]
pub(crate) struct Schedule {
    refresh: Duration,
    max_stale: Duration,
    /// When the last fetch started, and the one before.
    starts: [Option<SystemTime>; 2],
    /// When the last fetch for an unknown key started.
    forced: Option<SystemTime>,
    /// When the last successful fetch started, and how long its set is fresh.
    fetched: Option<(SystemTime, Duration)>,
    /// Whether the last fetch failed, or still runs.
    failed: bool,
}

impl Schedule {
    pub(crate) fn new(refresh: Duration, max_stale: Duration) -> Self {
        Self { refresh, max_stale, starts: [None; 2], forced: None, fetched: None, failed: false }
    }

    /// Whether the set must be fetched, because it was never fetched or is no longer fresh.
    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        self.wait(now).is_zero()
    }

    /// The time until the set is due, if nothing else happens.
    pub(crate) fn wait(&self, now: SystemTime) -> Duration {
        let fresh = self.fetched.map_or(Duration::ZERO, |(_, fresh)| fresh);
        let age = if self.failed { RETRY } else { fresh };
        remaining(self.starts[0], age, now).max(remaining(self.starts[1], WINDOW, now))
    }

    /// Whether the set may be fetched for an unknown key.
    pub(crate) fn may_force(&self, now: SystemTime) -> bool {
        let retry = if self.failed { RETRY } else { Duration::ZERO };
        let waits = [(self.starts[0], retry), (self.starts[1], WINDOW), (self.forced, COOLDOWN)];
        waits.into_iter().all(|(since, age)| remaining(since, age, now).is_zero())
    }

    /// Whether the keys are too old to be used, or were never fetched.
    pub(crate) fn is_stale(&self, now: SystemTime) -> bool {
        self.fetched.is_none_or(|(at, fresh)| apart(now, at) > fresh.saturating_add(self.max_stale))
    }

    /// A fetch starts. Until it succeeds, it counts as failed.
    pub(crate) fn start(&mut self, now: SystemTime, forced: bool) {
        self.starts = [Some(now), self.starts[0]];
        self.failed = true;
        if forced {
            self.forced = Some(now);
        }
    }

    /// The fetch that started at `started` succeeded. `max_age` is what the response says.
    pub(crate) fn succeed(&mut self, started: SystemTime, max_age: Option<Duration>) {
        let age = max_age.map_or(self.refresh, |age| age.min(self.refresh));
        let fresh = (age / 5).saturating_mul(4).max(FLOOR);
        self.fetched = Some((started, fresh));
        self.failed = false;
    }
}

/// What is left of a time that began at `since`.
fn remaining(since: Option<SystemTime>, age: Duration, now: SystemTime) -> Duration {
    since.map_or(Duration::ZERO, |since| age.saturating_sub(apart(now, since)))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(2_000_000_000 + seconds)
    }

    fn fetched(max_age: Option<u64>) -> Schedule {
        let mut schedule = Schedule::new(HOUR, HOUR);
        schedule.start(at(0), false);
        schedule.succeed(at(0), max_age.map(Duration::from_secs));
        schedule
    }

    #[test]
    fn a_set_is_due_at_80_percent_of_the_shorter_age_and_not_before_a_minute() {
        assert!(Schedule::new(HOUR, HOUR).is_due(at(0)));
        for (max_age, due) in [
            (None, 2880),
            (Some(86_400), 2880),
            (Some(600), 480),
            (Some(75), 60),
            (Some(10), 60),
            (Some(0), 60),
        ] {
            let schedule = fetched(max_age);
            assert!(!schedule.is_due(at(due - 1)), "{max_age:?}");
            assert!(schedule.is_due(at(due)), "{max_age:?}");
            assert!(!schedule.is_stale(at(due + 3600)), "{max_age:?}");
            assert!(schedule.is_stale(at(due + 3601)), "{max_age:?}");
        }
    }

    #[test]
    fn a_failed_fetch_is_repeated_after_30_s_and_makes_nothing_stale() {
        let mut schedule = fetched(None);
        schedule.start(at(2880), false);
        assert!(!schedule.is_due(at(2909)) && schedule.is_due(at(2910)));
        assert!(!schedule.may_force(at(2909)), "an unknown key does not try sooner");
        assert!(!schedule.is_stale(at(6480)) && schedule.is_stale(at(6481)));
    }

    #[test]
    fn an_unknown_key_causes_a_fetch_every_30_s_at_most() {
        let mut schedule = fetched(None);
        assert!(schedule.may_force(at(1)));
        schedule.start(at(100), true);
        schedule.succeed(at(100), None);
        assert!(!schedule.may_force(at(129)) && schedule.may_force(at(130)));
        schedule.start(at(130), true);
        schedule.succeed(at(130), None);
        assert!(!schedule.may_force(at(159)) && schedule.may_force(at(160)));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_the_fetches() {
        let schedule = fetched(None);
        let before = at(0) - Duration::from_hours(24);
        assert!(schedule.is_due(before) && schedule.is_stale(before) && schedule.may_force(before));
        let slightly = at(0) - Duration::from_millis(20);
        assert!(!schedule.is_due(slightly) && !schedule.is_stale(slightly));
    }

    proptest! {
        #[test]
        fn at_most_two_fetches_start_a_minute(steps in proptest::collection::vec((0..40_u64, any::<[bool; 2]>()), 1..200)) {
            let mut schedule = Schedule::new(HOUR, HOUR);
            let (mut now, mut starts) = (0, Vec::new());
            for (passed, [force, succeeds]) in steps {
                now += passed;
                if schedule.is_due(at(now)) || force && schedule.may_force(at(now)) {
                    schedule.start(at(now), force);
                    starts.push(now);
                    if succeeds {
                        schedule.succeed(at(now), Some(Duration::from_secs(passed * 10)));
                    }
                }
            }
            for three in starts.windows(3) {
                prop_assert!(three[2] - three[0] >= 60, "{starts:?}");
            }
        }
    }
}
