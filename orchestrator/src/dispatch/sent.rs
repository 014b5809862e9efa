//! The messages that are being sent, and those not yet marked as sent in the database.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

/// The messages that are being sent, and those that were sent and are not yet marked.
#[derive(Debug, Default)]
pub(crate) struct Sent(Mutex<HashMap<(Uuid, u32), Sending>>);

#[derive(Debug)]
struct Sending {
    execution: u32,
    /// When the message was sent. None while sending, which may be slow or fail; then it must not be marked.
    left: Option<Instant>,
}

impl Sending {
    fn is_older_than(&self, age: Duration, now: Instant) -> bool {
        self.left.is_some_and(|left| now.duration_since(left) >= age)
    }
}

impl Sent {
    /// Call this before sending: a report may arrive before the queue has responded.
    pub(crate) fn begin(&self, steps: &[(Uuid, u32, u32)]) {
        let mut sent = self.lock();
        sent.extend(
            steps.iter().map(|&(task, step, execution)| ((task, step), Sending { execution, left: None })),
        );
    }

    /// Records that these messages were sent. Those without a report since are to be marked.
    pub(crate) fn finish(&self, steps: &[(Uuid, u32, u32)]) {
        let now = Instant::now();
        let mut sent = self.lock();
        for &(task, step, execution) in steps {
            if let Some(sending) =
                sent.get_mut(&(task, step)).filter(|sending| sending.execution == execution)
            {
                sending.left = Some(now);
            }
        }
    }

    /// Restores messages that could not be marked, unless a message of another execution is being sent.
    pub(crate) fn put_back(&self, steps: &[(Uuid, u32, u32)]) {
        let now = Instant::now();
        let mut sent = self.lock();
        for &(task, step, execution) in steps {
            sent.entry((task, step)).or_insert(Sending { execution, left: Some(now) });
        }
    }

    /// Removes steps for which a report arrived.
    pub(crate) fn remove(&self, steps: impl Iterator<Item = (Uuid, u32)>) {
        let mut sent = self.lock();
        for step in steps {
            sent.remove(&step);
        }
    }

    /// Returns whether a message has been sent and unmarked for this long.
    pub(crate) fn any_older_than(&self, age: Duration) -> bool {
        let now = Instant::now();
        self.lock().values().any(|sending| sending.is_older_than(age, now))
    }

    pub(crate) fn take_older_than(&self, age: Duration) -> Vec<(Uuid, u32, u32)> {
        let now = Instant::now();
        self.lock()
            .extract_if(|_, sending| sending.is_older_than(age, now))
            .map(|((task, step), sending)| (task, step, sending.execution))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Uuid, u32), Sending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
