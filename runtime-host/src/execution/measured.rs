//! Measures executions on this host.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tasker_protocol::{Ending, StepDispatch};
use tasker_telemetry::metrics;

/// An execution that runs. It counts until it is dropped.
pub(super) struct Running;

impl Running {
    /// Counts an execution that arrived at this time.
    pub(super) fn begin(dispatch: &StepDispatch, arrived_at: DateTime<Utc>) -> Self {
        if let Some(metrics) = metrics() {
            metrics.host_executions.add(1, []);
            if let Some(sent_at) = dispatch.sent_at {
                // The clocks of two machines may differ.
                let waited = (arrived_at - sent_at).to_std().unwrap_or_default();
                let labels = [dispatch.namespace.clone().into(), dispatch.task_name.clone().into()];
                metrics.step_queue_wait.took(waited, labels);
            }
        }
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(metrics) = metrics() {
            metrics.host_executions.add(-1, []);
        }
    }
}

/// Counts the time until a sandbox started.
pub(super) fn instantiated(waited: Duration) {
    if let Some(metrics) = metrics() {
        metrics.host_instantiate.took(waited, []);
    }
}

/// Counts the end of an execution.
pub(super) fn ended(ending: &Ending) {
    if let Some(metrics) = metrics() {
        let outcome = if matches!(ending, Ending::Failed(_)) { "failure" } else { "success" };
        metrics.host_executions_ended.add(1, [outcome.into()]);
    }
}
