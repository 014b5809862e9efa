//! The circuit breakers before the services that an orchestrator depends on.

use std::{sync::Arc, time::Duration};

use tasker_transport::{Breaker, BreakerSettings, Clock};

use super::webhooks::Webhooks;

/// The database is tried for up to ten seconds by each transaction, so two are enough.
const DATABASE: BreakerSettings = BreakerSettings {
    failures: 2,
    first_pause: Duration::from_secs(1),
    longest_pause: Duration::from_secs(5),
};
/// A call to SQS or S3 makes several tries of its own. The sweep sends steps again after some seconds.
const SERVICE: BreakerSettings = BreakerSettings {
    failures: 3,
    first_pause: Duration::from_secs(1),
    longest_pause: Duration::from_secs(10),
};

/// The breakers of an orchestrator.
pub(crate) struct Breakers {
    /// Before transactions that create tasks.
    pub(crate) database: Breaker,
    /// Before the sending of steps and timers.
    pub(crate) queue: Breaker,
    /// Before the blob store.
    pub(crate) blobs: Arc<Breaker>,
    /// Before the hosts of webhooks.
    pub(crate) webhooks: Webhooks,
}

impl Breakers {
    /// Closed breakers with this clock.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            database: Breaker::new("database", DATABASE, clock.clone()),
            queue: Breaker::new("queue", SERVICE, clock.clone()),
            blobs: Arc::new(Breaker::new("blob store", SERVICE, clock.clone())),
            webhooks: Webhooks::new(clock),
        }
    }
}
