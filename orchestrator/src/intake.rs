//! The room for creations between a request and its commit: how many tasks wait, and how many bytes of inputs.
//!
//! A creation that finds no room is refused at once, so that a database that is slow or away cannot fill the memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::error::Error;

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntakeLimits {
    /// The maximum number of tasks that wait to be created.
    pub tasks: usize,
    /// The maximum size of their inputs together, in bytes.
    pub bytes: usize,
    /// If a creation has waited for longer than this, further ones are refused.
    pub wait: Duration,
}

impl Default for IntakeLimits {
    fn default() -> Self {
        Self { tasks: 10_000, bytes: 256 << 20, wait: Duration::from_secs(10) }
    }
}

/// What waits, for health reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntakeState {
    /// Tasks that wait.
    pub tasks: usize,
    /// The bytes of their inputs.
    pub bytes: usize,
    /// How long the oldest has waited.
    pub oldest: Duration,
    /// The limits.
    pub limits: IntakeLimits,
}

/// The creations that wait.
#[derive(Debug)]
pub(crate) struct Intake {
    limits: IntakeLimits,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    tasks: usize,
    bytes: usize,
    /// When each place was taken, in order.
    since: BTreeMap<u64, Instant>,
    next: u64,
}

/// A place among the creations that wait. It is given back when it is dropped.
#[must_use]
#[derive(Debug)]
pub struct Place {
    intake: Arc<Intake>,
    number: u64,
    tasks: usize,
    bytes: usize,
}

impl Intake {
    pub(crate) fn new(limits: IntakeLimits) -> Self {
        Self { limits, waiting: Mutex::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for tasks whose inputs have this size. What exceeds a limit by itself gets a place when nothing else waits.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if there is no room.
    pub(crate) fn take(self: &Arc<Self>, tasks: usize, bytes: usize) -> Result<Place, Error> {
        let now = Instant::now();
        let mut waiting = self.waiting();
        self.check_room(&waiting, tasks, bytes, now)?;
        let number = waiting.next;
        waiting.next += 1;
        waiting.tasks += tasks;
        waiting.bytes += bytes;
        waiting.since.insert(number, now);
        Ok(Place { intake: Arc::clone(self), number, tasks, bytes })
    }

    /// Whether a request of this size would find room now.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if not.
    pub(crate) fn check(&self, bytes: usize) -> Result<(), Error> {
        self.check_room(&self.waiting(), 1, bytes, Instant::now())
    }

    fn check_room(&self, waiting: &Waiting, tasks: usize, bytes: usize, now: Instant) -> Result<(), Error> {
        let Some((_, first)) = waiting.since.first_key_value() else { return Ok(()) };
        let limits = &self.limits;
        let has_room = waiting.tasks.saturating_add(tasks) <= limits.tasks
            && waiting.bytes.saturating_add(bytes) <= limits.bytes
            && now.saturating_duration_since(*first) <= limits.wait;
        if has_room { Ok(()) } else { Err(Error::Overloaded) }
    }

    pub(crate) fn state(&self) -> IntakeState {
        let waiting = self.waiting();
        let oldest = waiting.since.first_key_value().map(|(_, first)| first.elapsed()).unwrap_or_default();
        IntakeState { tasks: waiting.tasks, bytes: waiting.bytes, oldest, limits: self.limits }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.intake.waiting();
        waiting.tasks -= self.tasks;
        waiting.bytes -= self.bytes;
        waiting.since.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intake(tasks: usize, bytes: usize) -> Arc<Intake> {
        Arc::new(Intake::new(IntakeLimits { tasks, bytes, wait: Duration::from_secs(10) }))
    }

    #[tokio::test(start_paused = true)]
    async fn number_bytes_and_time_are_limits() {
        let few = intake(2, 1000);
        let places = [few.take(1, 1).unwrap(), few.take(1, 1).unwrap()];
        assert!(matches!(few.take(1, 1), Err(Error::Overloaded)) && few.check(0).is_err());
        drop(places);
        assert!(few.take(1, 1).is_ok());

        let small = intake(100, 1000);
        let place = small.take(1, 600).unwrap();
        assert!(small.take(1, 401).is_err() && small.check(401).is_err() && small.check(400).is_ok());
        tokio::time::advance(Duration::from_millis(10_001)).await;
        assert!(small.take(1, 1).is_err(), "the oldest has waited for too long");
        drop(place);
        assert!(small.take(1, 1).is_ok());
        let state = small.state();
        assert_eq!((state.tasks, state.bytes, state.oldest), (0, 0, Duration::ZERO));
    }

    #[test]
    fn what_exceeds_a_limit_by_itself_goes_alone() {
        let intake = intake(10, 1000);
        let large = intake.take(1000, 5000).unwrap();
        assert!(intake.take(1, 1).is_err());
        drop(large);
        let _small = intake.take(1, 1).unwrap();
        assert!(intake.take(1000, 1).is_err() && intake.take(1, 5000).is_err());
    }
}
