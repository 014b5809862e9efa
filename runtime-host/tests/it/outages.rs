//! A worker whose lease store is away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tasker_protocol::StepEvent;
use tasker_transport::{Claim, LeaseError, LeaseStore, MemoryLeases, MemoryQueue, execution_lease};

use crate::{
    support::{completed, config, dispatch},
    worker::Running,
};

/// How long a step's message stays invisible, and its lease lasts.
const TERM: Duration = Duration::from_secs(1);

/// Leases in memory that can be away.
struct OddLeases {
    leases: MemoryLeases,
    is_away: AtomicBool,
}

impl OddLeases {
    fn there(&self) -> Result<&MemoryLeases, LeaseError> {
        if self.is_away.load(Relaxed) { Err(LeaseError("it is away".into())) } else { Ok(&self.leases) }
    }
}

#[async_trait::async_trait]
impl LeaseStore for OddLeases {
    async fn acquire(&self, leases: &[String], holder: &str) -> Result<Vec<Claim>, LeaseError> {
        self.there()?.acquire(leases, holder).await
    }
    async fn renew(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError> {
        self.there()?.renew(leases, holder).await
    }
    async fn settle(&self, leases: &[String], holder: &str) -> Result<(), LeaseError> {
        self.there()?.settle(leases, holder).await
    }
    async fn revoke(&self, leases: &[String]) -> Result<(), LeaseError> {
        self.there()?.revoke(leases).await
    }
    async fn holds(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError> {
        self.there()?.holds(leases, holder).await
    }
    async fn are_settled(&self, leases: &[String], since: Duration) -> Result<Vec<bool>, LeaseError> {
        self.there()?.are_settled(leases, since).await
    }
    async fn release(&self, leases: &[String], holder: &str) -> Result<(), LeaseError> {
        self.there()?.release(leases, holder).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_are_reported_while_the_lease_store_is_away_and_settled_when_it_is_back() {
    let queue = |name| Arc::new(MemoryQueue::new(name, TERM, 1000));
    let leases = MemoryLeases::new(TERM, Duration::from_secs(60));
    let leases = Arc::new(OddLeases { leases, is_away: AtomicBool::new(false) });
    let running = Running::on(queue("steps"), queue("reports"), leases.clone(), config());
    let mut names = Vec::new();
    for (execution, milliseconds) in [(1, 1_000), (2, 1_500)] {
        let mut step = dispatch("sleep", &json!(milliseconds));
        (step.execution, step.limits.wall_ms) = (execution, 60_000);
        running.send(&step).await;
        names.push(execution_lease(step.task_id, step.step_index, step.execution));
    }
    for _ in &names {
        let (_, first) = running.report().await;
        assert!(matches!(first, StepEvent::Heartbeat(_)), "{first:?}");
    }
    leases.is_away.store(true, Relaxed);
    for _ in &names {
        assert_eq!(completed(&running.ending().await), "slept");
    }
    tokio::time::sleep(TERM * 3).await;
    leases.is_away.store(false, Relaxed);
    let back = Instant::now();
    while leases.are_settled(&names, Duration::ZERO).await.unwrap() != [true, true] {
        assert!(back.elapsed() < Duration::from_secs(10), "they can run again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.end().await;
}
