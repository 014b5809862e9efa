//! The steps that a worker has received and not yet finished.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tasker_protocol::{Predecessor, StepDispatch};
use tasker_transport::Receipt;

use crate::ExecutionControl;

/// A step from its lease until it is settled. It stays here until then so that its lease is renewed.
pub(super) struct Running {
    pub(super) dispatch: Arc<StepDispatch>,
    /// Its message. None if the host went on with it.
    pub(super) receipt: Option<Receipt>,
    /// The execution from which the host went on to this one.
    pub(super) after: Option<Predecessor>,
    pub(super) control: ExecutionControl,
    pub(super) started: Instant,
    pub(super) started_at: DateTime<Utc>,
    pub(super) renewed: Instant,
    /// When the lease store last answered a renewal.
    pub(super) answered: Instant,
    pub(super) checked: Instant,
    pub(super) heartbeat: Option<Instant>,
    /// Whether its handler runs: what it needs was there.
    pub(super) executing: bool,
    /// Whether it has ended and its report is being sent.
    pub(super) finished: bool,
}

/// All running steps, by their lease.
#[derive(Default)]
pub(super) struct RunningSteps(Mutex<HashMap<String, Running>>);

impl RunningSteps {
    /// Adds a step. None if it is here already.
    pub(super) fn insert(
        &self,
        receipt: Option<&Receipt>,
        after: Option<Predecessor>,
        lease: &str,
        dispatch: StepDispatch,
    ) -> Option<(Arc<StepDispatch>, ExecutionControl)> {
        let (dispatch, control) = (Arc::new(dispatch), ExecutionControl::new());
        let now = Instant::now();
        let running = Running {
            dispatch: Arc::clone(&dispatch),
            receipt: receipt.cloned(),
            after,
            control: control.clone(),
            started: now,
            started_at: Utc::now(),
            renewed: now,
            answered: now,
            checked: now,
            heartbeat: None,
            executing: false,
            finished: false,
        };
        match self.lock().entry(lease.to_owned()) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(vacant) => vacant.insert(running),
        };
        Some((dispatch, control))
    }

    /// Marks the beginning of a step's execution.
    pub(super) fn begin(&self, lease: &str) {
        if let Some(running) = self.lock().get_mut(lease) {
            (running.started, running.started_at, running.executing) = (Instant::now(), Utc::now(), true);
        }
    }

    /// Marks a step as finished.
    pub(super) fn finish(&self, lease: &str) {
        if let Some(running) = self.lock().get_mut(lease) {
            running.finished = true;
        }
    }

    pub(super) fn remove(&self, lease: &str) {
        self.lock().remove(lease);
    }

    /// Returns the leases of the steps that `is_due` selects, and the receipts of those with a message. `is_due` may update
    /// them.
    pub(super) fn take_due(
        &self,
        mut is_due: impl FnMut(&mut Running) -> bool,
    ) -> (Vec<String>, Vec<Receipt>) {
        let (mut leases, mut receipts) = (Vec::new(), Vec::new());
        for (lease, step) in
            self.lock().iter_mut().filter_map(|(lease, step)| is_due(step).then_some((lease, step)))
        {
            leases.push(lease.clone());
            receipts.extend(step.receipt.clone());
        }
        (leases, receipts)
    }

    /// The leases of all steps.
    pub(super) fn leases(&self) -> HashSet<String> {
        self.lock().keys().cloned().collect()
    }

    /// Whether the lease store has answered no renewal of some step for this long.
    pub(super) fn is_any_unanswered_for(&self, time: Duration) -> bool {
        self.lock().values().any(|running| running.answered.elapsed() > time)
    }

    /// Cancels all running steps.
    pub(super) fn abandon(&self) {
        let running: Vec<ExecutionControl> =
            self.lock().values().map(|running| running.control.clone()).collect();
        tracing::warn!(
            steps = running.len(),
            "stopping before these steps have finished; they are handed back"
        );
        running.iter().for_each(ExecutionControl::cancel);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
