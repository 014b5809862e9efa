//! The steps that a worker has received and that are not off its hands.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Utc};
use tasker_protocol::StepDispatch;
use tasker_transport::Receipt;

use crate::ExecutionControl;

/// One step: from its lease until its report is sent, so that nobody else gets it in between.
pub(super) struct Running {
    pub(super) dispatch: Arc<StepDispatch>,
    pub(super) lease: String,
    pub(super) control: ExecutionControl,
    pub(super) started: Instant,
    pub(super) started_at: DateTime<Utc>,
    pub(super) renewed: Instant,
    pub(super) checked: Instant,
    pub(super) heartbeat: Option<Instant>,
    /// It has ended, and its report is on its way.
    pub(super) finished: bool,
}

/// All of them.
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
            checked: now,
            heartbeat: None,
            finished: false,
        };
        self.lock().insert(receipt.clone(), running);
        (dispatch, control)
    }

    /// Its handler has ended.
    pub(super) fn finish(&self, receipt: &Receipt) {
        if let Some(running) = self.lock().get_mut(receipt) {
            running.finished = true;
        }
    }

    pub(super) fn remove(&self, receipt: &Receipt) {
        self.lock().remove(receipt);
    }

    /// Those that `is_due` chooses, which may note that it did: receipts and leases.
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

    /// Cancels everything that still runs.
    pub(super) fn abandon(&self) {
        let running: Vec<ExecutionControl> =
            self.lock().values().map(|running| running.control.clone()).collect();
        tracing::warn!(steps = running.len(), "stopping before these steps have ended; they are handed back");
        running.iter().for_each(ExecutionControl::cancel);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<Receipt, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
