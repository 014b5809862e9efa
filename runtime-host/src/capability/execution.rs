//! `tasker:handler/execution`: heartbeats, cancellation and remaining time. Always granted.

use std::time::Instant;

use crate::bindings::{execution, step_values};
use crate::execution::state::State;

impl step_values::Host for State {}

impl execution::Host for State {
    fn heartbeat(&mut self, progress: Option<String>) {
        // The worker sends the heartbeats; only the progress text is stored here.
        if let Some(progress) = progress {
            self.control.set_progress(&progress);
        }
    }

    fn cancelled(&mut self) -> bool {
        self.control.is_cancelled()
    }

    fn remaining_time_ms(&mut self) -> u64 {
        let left = self.deadline.saturating_duration_since(Instant::now());
        u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
    }
}
