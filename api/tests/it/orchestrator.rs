//! An orchestrator with queues in memory, and a template `order` of one step.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sqlx::PgPool;
use tasker_orchestrator::{
    ComponentPublication, Connections, IntakeLimits, Orchestrator, PendingCreations, PublishedHandler,
    Settings,
};
use tasker_templates::template::parse;
use tasker_transport::{BlobStore, MemoryLeases, MemoryQueue};
use tempfile::TempDir;

pub(crate) fn orchestrator(pool: PgPool, blobs: &TempDir) -> (Orchestrator, PendingCreations) {
    orchestrator_with(pool, blobs, IntakeLimits::default())
}

/// An orchestrator with this room for creations.
pub(crate) fn orchestrator_with(
    pool: PgPool,
    blobs: &TempDir,
    intake: IntakeLimits,
) -> (Orchestrator, PendingCreations) {
    let minute = Duration::from_secs(60);
    let connections = Connections {
        pool: pool.into(),
        steps: Arc::new(MemoryQueue::new("steps", minute, 1000)),
        reports: Arc::new(MemoryQueue::new("reports", minute, 1000)),
        leases: Arc::new(MemoryLeases::new(minute, minute)),
        outlets: BTreeMap::new(),
        blobs: BlobStore::folder(blobs.path()).unwrap(),
    };
    Orchestrator::new(connections, Settings { intake, ..Settings::default() })
}

pub(crate) async fn publish_order(orchestrator: &Orchestrator) {
    let work = PublishedHandler {
        name: "work".into(),
        description: String::new(),
        input_schema: None,
        result_schema: None,
    };
    let component = ComponentPublication { digest: "0".repeat(64), size_bytes: 1, handlers: vec![work] };
    orchestrator.catalog.publish_components(&[component], &BTreeMap::new(), true).await.unwrap();
    let template = "{ name: order, version: 1.0.0, steps: [{ name: a, handler: { callable: work } }] }";
    orchestrator.catalog.publish_template(&parse(template).unwrap().template).await.unwrap();
}
