//! An orchestrator that runs as loops in this process, until it is stopped.

use std::{collections::BTreeMap, sync::Arc};

use tasker_orchestrator::{Connections, Error, Orchestrator, Settings, claim};
use tasker_outbound::Networks;
use tasker_pool::Pool;
use tasker_transport::{BlobStore, Outlet, PgmqOutlet, WebhookOutlet};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::transport::Transport;

/// Whether other orchestrators may use the database at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// No: the queues are in this process's memory, so every step in flight belongs to this orchestrator.
    Exclusive,
    /// Yes: the orchestrators share the queues.
    Shared,
}

/// A running orchestrator.
pub struct RunningOrchestrator {
    /// The orchestrator.
    pub orchestrator: Orchestrator,
    /// The number of steps that an earlier process left in flight and this one sends again. 0 unless the claim is
    /// exclusive.
    pub taken_up: u64,
    task: JoinHandle<()>,
}

impl RunningOrchestrator {
    /// Starts an orchestrator on a migrated database. It runs until `stop` is cancelled. Its webhooks reach public addresses,
    /// and those of `webhook_networks`.
    ///
    /// # Errors
    /// [`Error::DatabaseInUse`] if another orchestrator's claim excludes this one; other errors if the database
    /// fails.
    pub async fn start(
        pool: Pool,
        transport: &Transport,
        blobs: BlobStore,
        settings: Settings,
        webhook_networks: Networks,
        claimed: Claim,
        stop: CancellationToken,
    ) -> Result<Self, Error> {
        let alone = claimed == Claim::Exclusive;
        let claim = claim(&pool, alone).await?;
        let outlets = BTreeMap::from([
            ("webhook", Arc::new(WebhookOutlet::new(webhook_networks)) as Arc<dyn Outlet>),
            ("queue", Arc::new(PgmqOutlet::new(pool.clone()))),
        ]);
        let Transport { steps, reports, leases, finisher: _ } = transport.clone();
        let connections = Connections { pool, steps, reports, leases, outlets, blobs };
        let settings = Settings { continuation: !alone, ..settings };
        let (orchestrator, creations) = Orchestrator::new(connections, settings);
        let taken_up = if alone { orchestrator.expect_nothing_in_flight().await? } else { 0 };
        let running = orchestrator.clone();
        let task = tokio::spawn(async move {
            running.run(creations, stop).await;
            drop(claim);
        });
        Ok(Self { orchestrator, taken_up, task })
    }

    /// Waits until the orchestrator has finished its current work after `stop` was cancelled.
    pub async fn stopped(self) {
        let _ = self.task.await;
    }
}
