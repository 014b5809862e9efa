//! Which messages have left and are not yet marked as sent in the database.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

/// Messages on their way, and messages that have left and are not yet marked so.
#[derive(Debug, Default)]
pub(crate) struct Sent(Mutex<HashMap<(Uuid, u32), Sending>>);

#[derive(Debug)]
struct Sending {
    execution: u32,
    /// When it had left. Until then it must not be marked: sending may take long, and fail.
    left: Option<Instant>,
}

impl Sending {
    fn is_older_than(&self, age: Duration, now: Instant) -> bool {
        self.left.is_some_and(|left| now.duration_since(left) >= age)
    }
}

impl Sent {
    /// To be called before they are sent: a report may be back before the queue has answered.
    pub(crate) fn begin(&self, steps: &[(Uuid, u32, u32)]) {
        let mut sent = self.lock();
        sent.extend(
            steps.iter().map(|&(task, step, execution)| ((task, step), Sending { execution, left: None })),
        );
    }

    /// They have left; those of them that were not heard of meanwhile are to be marked.
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

    /// Marking did not work: they are still to be marked, unless another execution's message is on its way.
    pub(crate) fn put_back(&self, steps: &[(Uuid, u32, u32)]) {
        let now = Instant::now();
        let mut sent = self.lock();
        for &(task, step, execution) in steps {
            sent.entry((task, step)).or_insert(Sending { execution, left: Some(now) });
        }
    }

    /// A step has been heard of.
    pub(crate) fn remove(&self, steps: impl Iterator<Item = (Uuid, u32)>) {
        let mut sent = self.lock();
        for step in steps {
            sent.remove(&step);
        }
    }

    /// Whether one is still to be marked so long after it has left.
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
