//! Orchestrator, host and queues in one process.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use sqlx::{PgPool, postgres::PgConnectOptions};
use tasker_orchestrator::{Connections, Orchestrator, Settings, claim, connect, migrate};
use tasker_runtime_host::{EnvironmentSecrets, Host, HostConfig, Worker, WorkerConnections};
use tasker_transport::{
    BlobStore, KeyValueStore, LeaseStore, MemoryLeases, MemoryQueue, Outlet, PgmqOutlet, PgmqQueue,
    PostgresKeyValues, PostgresLeases, Queue, REPORTS_QUEUE, STEPS_QUEUE, WebhookOutlet,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::config::ProjectConfig;

/// How often settled and expired leases are cleared away.
const LEASE_CLEARANCE: Duration = Duration::from_secs(60);
/// How many messages a queue in memory holds.
const MEMORY_QUEUE_CAPACITY: usize = 1_000_000;
/// How long the end of an attempt is remembered, against late copies of its message.
const SETTLED_FOR: Duration = Duration::from_secs(3600);
/// How long a report stays its orchestrator's, at most. Applying a batch takes milliseconds.
const REPORT_VISIBILITY: Duration = Duration::from_secs(30);

/// The two queues and the leases between orchestrator and hosts.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) steps: Arc<dyn Queue>,
    pub(crate) reports: Arc<dyn Queue>,
    pub(crate) leases: Arc<dyn LeaseStore>,
}

impl Transport {
    /// In memory: both sides are this process.
    pub(crate) fn in_memory(project: &ProjectConfig) -> Self {
        let lease = lease(project);
        Self {
            steps: Arc::new(MemoryQueue::new("steps", lease, MEMORY_QUEUE_CAPACITY)),
            reports: Arc::new(MemoryQueue::new("reports", REPORT_VISIBILITY, MEMORY_QUEUE_CAPACITY)),
            leases: Arc::new(MemoryLeases::new(shorter(lease), SETTLED_FOR)),
        }
    }

    /// In PostgreSQL, as an orchestrator sees it.
    pub(crate) fn of_orchestrator(project: &ProjectConfig, pool: &PgPool) -> Self {
        let lease = lease(project);
        Self {
            steps: Arc::new(PgmqQueue::sender(pool.clone(), STEPS_QUEUE, lease)),
            // What a dead orchestrator has taken must be back before its host seems silent.
            reports: Arc::new(PgmqQueue::receiver(pool.clone(), REPORTS_QUEUE, REPORT_VISIBILITY.min(lease))),
            leases: Arc::new(PostgresLeases::new(pool.clone(), shorter(lease), SETTLED_FOR)),
        }
    }

    /// In PostgreSQL, as a host sees it.
    pub(crate) fn of_worker(project: &ProjectConfig, pool: &PgPool) -> Self {
        let lease = lease(project);
        Self {
            steps: Arc::new(PgmqQueue::receiver(pool.clone(), STEPS_QUEUE, lease)),
            reports: Arc::new(PgmqQueue::sender(pool.clone(), REPORTS_QUEUE, REPORT_VISIBILITY)),
            leases: Arc::new(PostgresLeases::new(pool.clone(), shorter(lease), SETTLED_FOR)),
        }
    }
}

/// Clears away leases in PostgreSQL that mean nothing any more, until `stop` is cancelled.
pub(crate) fn clear_leases(project: &ProjectConfig, pool: PgPool, stop: CancellationToken) {
    let leases = PostgresLeases::new(pool, lease(project), SETTLED_FOR);
    tokio::spawn(async move {
        while stop.run_until_cancelled(tokio::time::sleep(LEASE_CLEARANCE)).await.is_some() {
            if let Err(error) = leases.forget_expired().await {
                tracing::warn!(%error, "old leases could not be cleared away; trying again");
            }
        }
    });
}

/// A lease ends a little before its message comes back, so that whoever gets the message finds the lease free.
fn shorter(visibility: Duration) -> Duration {
    visibility * 9 / 10
}

fn lease(project: &ProjectConfig) -> Duration {
    Duration::from_secs(project.config.worker.lease_seconds.max(1))
}

/// Opens the database and brings its schema up to date.
pub(crate) async fn open_database(project: &ProjectConfig, options: PgConnectOptions) -> Result<PgPool> {
    let pool = connect(options, project.config.database.max_connections);
    migrate(&pool).await.context("preparing the database")?;
    Ok(pool)
}

/// Opens the blob store.
pub(crate) fn open_blobs(project: &ProjectConfig) -> Result<BlobStore> {
    let configured = &project.config.blobs.url;
    if configured.is_empty() {
        return Ok(BlobStore::folder(&project.state_dir().join("blobs"))?);
    }
    let url =
        Url::parse(configured).with_context(|| format!("`blobs.url` is `{configured}`, which is no URL"))?;
    Ok(BlobStore::open(&url)?)
}

/// A running orchestrator.
pub(crate) struct RunningOrchestrator {
    pub(crate) orchestrator: Orchestrator,
    /// How many steps an earlier process had left in flight.
    pub(crate) taken_up: u64,
    task: JoinHandle<()>,
}

impl RunningOrchestrator {
    /// Starts it; it runs until `stop` is cancelled. `alone`: its queues are in memory, so what an earlier process has
    /// left in flight is its own to take up.
    pub(crate) async fn start(
        project: &ProjectConfig,
        pool: PgPool,
        transport: &Transport,
        blobs: BlobStore,
        alone: bool,
        stop: CancellationToken,
    ) -> Result<Self> {
        let claim = claim(&pool, alone).await?;
        let outlets = BTreeMap::from([
            ("webhook", Arc::new(WebhookOutlet::new()) as Arc<dyn Outlet>),
            ("queue", Arc::new(PgmqOutlet::new(pool.clone()))),
        ]);
        let connections = Connections {
            pool,
            login: None,
            steps: transport.steps.clone(),
            reports: transport.reports.clone(),
            leases: transport.leases.clone(),
            outlets,
            blobs,
        };
        let configured = &project.config.orchestrator;
        let settings = Settings {
            environment: configured.environment.clone(),
            report_loops: configured.report_loops,
            sweep_interval: Duration::from_secs(configured.sweep_interval_seconds.max(1)),
        };
        let (orchestrator, creations) = Orchestrator::new(connections, settings);
        let taken_up = if alone { orchestrator.expect_nothing_in_flight().await? } else { 0 };
        let running = orchestrator.clone();
        let task = tokio::spawn(async move {
            running.run(creations, stop).await;
            drop(claim);
        });
        Ok(Self { orchestrator, taken_up, task })
    }

    /// Returns when it has finished what it had begun.
    pub(crate) async fn stopped(self) {
        let _ = self.task.await;
    }
}

/// Sets up a host.
pub(crate) fn open_host(project: &ProjectConfig, blobs: &BlobStore) -> Result<Host> {
    let worker = &project.config.worker;
    let cache_dir = if worker.cache_dir.as_os_str().is_empty() {
        project.state_dir().join("cache")
    } else {
        project.path(&worker.cache_dir)
    };
    let name =
        if worker.name.is_empty() { format!("worker-{}", std::process::id()) } else { worker.name.clone() };
    let config = HostConfig {
        name,
        cache_dir,
        max_concurrent: worker.max_concurrent,
        compiler: std::env::current_exe().ok(),
        ..HostConfig::default()
    };
    Ok(Host::new(config, Arc::new(blobs.clone()), Arc::new(EnvironmentSecrets))?)
}

/// What handlers keep, in PostgreSQL.
pub(crate) fn key_values(pool: &PgPool) -> Arc<dyn KeyValueStore> {
    Arc::new(PostgresKeyValues::new(pool.clone()))
}

/// Runs the steps of a queue until `stop` is cancelled.
pub(crate) fn start_worker(
    project: &ProjectConfig,
    host: Host,
    transport: Transport,
    blobs: BlobStore,
    stop: CancellationToken,
) -> JoinHandle<()> {
    let worker = &project.config.worker;
    let (concurrent, drain) = (worker.max_concurrent, Duration::from_secs(worker.drain_seconds));
    let connections = WorkerConnections {
        steps: transport.steps,
        reports: transport.reports,
        leases: transport.leases,
        blobs,
    };
    tokio::spawn(async move { Worker::run(host, connections, concurrent, drain, stop).await })
}
