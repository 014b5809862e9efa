//! Queues, leases and key-value buckets in PostgreSQL, for orchestrators and hosts in several processes.

use std::sync::Arc;

use sqlx::PgPool;
use tasker_transport::{
    KeyValueStore, LeaseStore, PgmqQueue, PostgresKeyValues, PostgresLeases, REPORTS_QUEUE, STEPS_QUEUE,
};
use tokio_util::sync::CancellationToken;

use crate::{
    timing::{LEASE_CLEARANCE, Timing},
    transport::Transport,
};

/// The transport of an orchestrator: it sends steps and receives reports.
pub fn orchestrator_transport(pool: &PgPool, timing: &Timing) -> Transport {
    Transport {
        steps: Arc::new(PgmqQueue::sender(pool.clone(), STEPS_QUEUE, timing.step_visibility)),
        reports: Arc::new(PgmqQueue::receiver(pool.clone(), REPORTS_QUEUE, timing.report_visibility)),
        leases: leases(pool, timing),
    }
}

/// The transport of a host: it receives steps and sends reports. Needs only the rights of the role `tasker_worker`.
pub fn host_transport(pool: &PgPool, timing: &Timing) -> Transport {
    Transport {
        steps: Arc::new(PgmqQueue::receiver(pool.clone(), STEPS_QUEUE, timing.step_visibility)),
        reports: Arc::new(PgmqQueue::sender(pool.clone(), REPORTS_QUEUE, timing.report_visibility)),
        leases: leases(pool, timing),
    }
}

/// The key-value buckets of handlers, each of which may hold `quota` bytes.
pub fn key_values(pool: &PgPool, quota: u64) -> Arc<dyn KeyValueStore> {
    Arc::new(PostgresKeyValues::new(pool.clone()).with_quota(quota))
}

/// Starts a task that deletes expired leases until `stop` is cancelled. It retries after a failure.
pub fn clear_leases(pool: PgPool, timing: &Timing, stop: CancellationToken) {
    let leases = PostgresLeases::new(pool, timing.lease_term, timing.settled_for);
    tokio::spawn(async move {
        while stop.run_until_cancelled(tokio::time::sleep(LEASE_CLEARANCE)).await.is_some() {
            if let Err(error) = leases.forget_expired().await {
                tracing::warn!(%error, "expired leases could not be deleted; trying again");
            }
        }
    });
}

fn leases(pool: &PgPool, timing: &Timing) -> Arc<dyn LeaseStore> {
    Arc::new(PostgresLeases::new(pool.clone(), timing.lease_term, timing.settled_for))
}
