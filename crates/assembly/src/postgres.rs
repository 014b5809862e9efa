//! Queues, leases and key-value buckets in PostgreSQL, for orchestrators and hosts in several processes.

use std::sync::Arc;

use tasker_pool::Pool;
use tasker_transport::{
    Durability, KeyValueStore, PgmqFinisher, PgmqQueue, PostgresKeyValues, PostgresLeases, REPORTS_QUEUE,
    STEPS_QUEUE,
};
use tokio_util::sync::CancellationToken;

use crate::{
    timing::{LEASE_CLEARANCE, Timing},
    transport::Transport,
};

/// The transport of an orchestrator: it sends steps and receives reports. The queue of reports does not wait for the
/// disk, because a report that comes twice is stale, and the sweep starts a retry whose timer was lost. Sending steps does: the orchestrator takes a step that it has sent for delivered.
pub fn orchestrator_transport(pool: &Pool, timing: &Timing) -> Transport {
    let (steps, reports) = (timing.step_visibility, timing.report_visibility);
    Transport {
        steps: Arc::new(PgmqQueue::sender(pool.clone(), STEPS_QUEUE, steps, Durability::Disk)),
        reports: Arc::new(PgmqQueue::receiver(pool.clone(), REPORTS_QUEUE, reports, Durability::Memory)),
        leases: leases(pool, timing),
        finisher: None,
    }
}

/// The transport of a host: it receives steps and sends reports. Needs only the rights of the role `tasker_worker`. Reports
/// are the only record of the work, so they wait for the disk; so does the receipt of steps, which could otherwise run twice.
pub fn host_transport(pool: &Pool, timing: &Timing) -> Transport {
    let (steps, reports) = (timing.step_visibility, timing.report_visibility);
    let steps = Arc::new(PgmqQueue::receiver(pool.clone(), STEPS_QUEUE, steps, Durability::Disk));
    let reports = Arc::new(PgmqQueue::sender(pool.clone(), REPORTS_QUEUE, reports, Durability::Disk));
    let leases = leases(pool, timing);
    Transport {
        steps: steps.clone(),
        reports: reports.clone(),
        leases: leases.clone(),
        finisher: Some(Arc::new(PgmqFinisher::new(steps, reports, leases))),
    }
}

/// The key-value buckets of handlers, each of which may hold `quota` bytes.
pub fn key_values(pool: &Pool, quota: u64) -> Arc<dyn KeyValueStore> {
    Arc::new(PostgresKeyValues::new(pool.clone()).with_quota(quota))
}

/// Starts a task that deletes expired leases until `stop` is cancelled. It retries after a failure.
pub fn clear_leases(pool: Pool, timing: &Timing, stop: CancellationToken) {
    let leases = PostgresLeases::new(pool, timing.lease_term, timing.settled_for);
    tokio::spawn(async move {
        while stop.run_until_cancelled(tokio::time::sleep(LEASE_CLEARANCE)).await.is_some() {
            if let Err(error) = leases.forget_expired().await {
                tracing::warn!(%error, "expired leases could not be deleted; trying again");
            }
        }
    });
}

fn leases(pool: &Pool, timing: &Timing) -> Arc<PostgresLeases> {
    Arc::new(PostgresLeases::new(pool.clone(), timing.lease_term, timing.settled_for))
}
