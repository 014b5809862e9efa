//! The transport between an orchestrator and its hosts.

use std::sync::Arc;

use tasker_transport::{Finisher, LeaseStore, Queue};

/// The two queues and the leases between orchestrators and hosts. Cheap to clone.
#[derive(Clone)]
pub struct Transport {
    /// The queue of steps that hosts run.
    pub steps: Arc<dyn Queue>,
    /// The queue of reports that orchestrators apply.
    pub reports: Arc<dyn Queue>,
    /// Which host runs which execution.
    pub leases: Arc<dyn LeaseStore>,
    /// The end of a step in one call, where all three are one store.
    pub finisher: Option<Arc<dyn Finisher>>,
}
