//! Queues and leases in memory: the orchestrator and its only host are one process.

use std::sync::Arc;

use tasker_transport::{MemoryLeases, MemoryQueue};

use crate::{timing::Timing, transport::Transport};

/// The maximum number of messages in one queue.
const QUEUE_CAPACITY: usize = 1_000_000;

/// The transport of one process, for the orchestrator and the host in it.
pub fn transport(timing: &Timing) -> Transport {
    Transport {
        steps: Arc::new(MemoryQueue::new("steps", timing.step_visibility, QUEUE_CAPACITY)),
        reports: Arc::new(MemoryQueue::new("reports", timing.report_visibility, QUEUE_CAPACITY)),
        leases: Arc::new(MemoryLeases::new(timing.lease_term, timing.settled_for)),
        finisher: None,
    }
}
