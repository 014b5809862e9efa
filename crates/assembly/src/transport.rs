//! The transport between an orchestrator and its hosts.

use std::sync::Arc;

use tasker_transport::{LeaseStore, Queue, StepExchange};

/// The two queues and the leases between orchestrators and hosts. Cheap to clone.
#[derive(Clone)]
pub struct Transport {
    /// The queue of steps that hosts run.
    pub steps: Arc<dyn Queue>,
    /// The queue of reports that orchestrators apply.
    pub reports: Arc<dyn Queue>,
    /// Which host runs which execution.
    pub leases: Arc<dyn LeaseStore>,
    /// What a host does with all three in one call, where they are one store.
    pub exchange: Option<Arc<dyn StepExchange>>,
}
