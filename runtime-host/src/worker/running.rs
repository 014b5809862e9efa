//! The steps that a worker has received and not yet finished.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tasker_protocol::StepDispatch;
use tasker_transport::Receipt;

use crate::ExecutionControl;

/// A step from its lease until it is settled. It stays here until then so that its lease is renewed.
pub(super) struct Running {
    pub(super) dispatch: Arc<StepDispatch>,
    pub(super) lease: String,
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

/// All running steps.
#[derive(Default)]
pub(super) struct RunningSteps(Mutex<HashMap<Receipt, Running>>);

impl RunningSteps {
    pub(super) fn insert(
        &self,
        receipt: &Receipt,
        lease: &str,
        dispatch: StepDispatch,
    ) -> (Arc<StepDispatch>, ExecutionControl) {
        let (dispatch, control) = (Arc::new(dispatch), ExecutionControl::new());
        let now = Instant::now();
        let running = Running {
            dispatch: Arc::clone(&dispatch),
            lease: lease.to_owned(),
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
        self.lock().insert(receipt.clone(), running);
        (dispatch, control)
    }

    /// Marks the beginning of a step's execution.
    pub(super) fn begin(&self, receipt: &Receipt) {
        if let Some(running) = self.lock().get_mut(receipt) {
            (running.started, running.started_at, running.executing) = (Instant::now(), Utc::now(), true);
        }
    }

    /// Marks a step as finished.
    pub(super) fn finish(&self, receipt: &Receipt) {
        if let Some(running) = self.lock().get_mut(receipt) {
            running.finished = true;
        }
    }

    pub(super) fn remove(&self, receipt: &Receipt) {
        self.lock().remove(receipt);
    }

    /// Returns the receipts and leases of the steps that `is_due` selects. `is_due` may update them.
    pub(super) fn take_due(
        &self,
        mut is_due: impl FnMut(&mut Running) -> bool,
    ) -> (Vec<Receipt>, Vec<String>) {
        let mut running = self.lock();
        let due = running
            .iter_mut()
            .filter_map(|(receipt, step)| is_due(step).then(|| (receipt.clone(), step.lease.clone())));
        due.unzip()
    }

    /// The leases of all steps.
    pub(super) fn leases(&self) -> HashSet<String> {
        self.lock().values().map(|running| running.lease.clone()).collect()
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

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<Receipt, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
