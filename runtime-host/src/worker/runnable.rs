//! Which steps this worker can run.

use std::time::{Duration, Instant};

use chrono::Utc;
use tasker_protocol::{Ending, Execution, Failure, StepDispatch, Usage};

use super::Worker;

impl Worker {
    /// Whether this host has memory for the step at all, and the step can finish before the process must end.
    pub(super) fn fits(&self, dispatch: &StepDispatch) -> bool {
        self.0.host.admission().fits(dispatch.limits.memory_bytes) && self.has_time_for(dispatch)
    }

    pub(super) fn has_time_for(&self, dispatch: &StepDispatch) -> bool {
        let work = Duration::from_millis(dispatch.limits.wall_ms);
        self.0.ends_at.is_none_or(|ends_at| Instant::now() + work <= ends_at)
    }

    /// The reason not to run the step, as a failed execution.
    pub(super) fn why_not(
        &self,
        dispatch: &StepDispatch,
        receive_count: u32,
        lost: u32,
    ) -> Option<Execution> {
        if !self.has_time_for(dispatch) {
            let seconds = dispatch.limits.wall_ms.div_ceil(1000);
            return Some(unrunnable(
                "StepTooLong",
                format!(
                    "the step may take {seconds} seconds, which is more than this host has left; lower its \
                     `timeout_seconds`, or give the installation hosts for long steps"
                ),
                false,
            ));
        }
        let poison = |message: String| Some(unrunnable("PoisonMessage", message, true));
        if lost >= Self::MAX_LOST {
            return poison(format!("{lost} hosts started the step, and none came to its end"));
        }
        // The last delivery before the queue moves the message to its dead-letter queue: report the failure
        // first.
        let last = self.0.connections.steps.max_receives().unwrap_or(u32::MAX);
        if receive_count >= last {
            let count = receive_count - 1;
            return poison(format!("the step was handed out {count} times, and no host came to its end"));
        }
        None
    }
}

/// A failed execution that never started.
pub(super) fn unrunnable(error_type: &str, message: String, retryable: bool) -> Execution {
    let now = Utc::now();
    Execution {
        started_at: now,
        finished_at: now,
        ending: Ending::Failed(Failure::of_host(error_type, message, retryable)),
        usage: Usage::default(),
        logs: Vec::new(),
    }
}
