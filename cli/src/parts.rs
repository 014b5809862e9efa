//! Opens the parts that several commands share, with the settings of the project.

use std::{io::ErrorKind, time::Duration};

use anyhow::{Context, Result, bail};
use sqlx::{ConnectOptions, Connection, PgPool, postgres::PgConnectOptions};
use tasker_assembly::{Claim, RunningOrchestrator, Timing, Transport, WorkerSettings};
use tasker_orchestrator::{IntakeLimits, Newer, Settings, analytics::AnalyticsSettings, migrate};
use tasker_outbound::Networks;
use tasker_pool::{Pool, connect};
use tasker_protocol::granted_network;
use tasker_runtime_host::{Host, HostConfig};
use tasker_transport::BlobStore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::config::ProjectConfig;

/// How long a command waits for its first connection to the database.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What to do about a program that lacks what AWS needs.
pub(crate) const NEEDS_AWS: &str =
    "This tasker was built without the feature `aws`: build it again without --no-default-features";

/// Returns the times of the queues and leases.
pub(crate) fn timing(project: &ProjectConfig) -> Timing {
    Timing::until_acknowledged(Duration::from_secs(project.config.worker.lease_seconds))
}

/// Opens the database and brings its schema up to date. With [`Newer::IsLeftAlone`], beside processes of later releases.
pub(crate) async fn open_database(
    project: &ProjectConfig,
    options: PgConnectOptions,
    newer: Newer,
) -> Result<Pool> {
    let connections = open_connections(project, options).await?;
    migrate(&connections, newer).await.context("preparing the database")?;
    Ok(Pool::new(connections, None))
}

/// Opens a pool of connections, and the first of them. Fails at once where nothing listens: the pool itself would try again
/// for 10 seconds, and not tell why.
pub(crate) async fn connect_database(project: &ProjectConfig, options: PgConnectOptions) -> Result<Pool> {
    Ok(Pool::new(open_connections(project, options).await?, None))
}

async fn open_connections(project: &ProjectConfig, options: PgConnectOptions) -> Result<PgPool> {
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let first = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
    let first = first.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())));
    let first = first.with_context(|| format!("the database at {place} cannot be used"))?;
    let _ = first.close().await;
    Ok(connect(options, project.config.database.max_connections))
}

/// Opens the blob store.
pub(crate) fn open_blobs(project: &ProjectConfig) -> Result<BlobStore> {
    match blobs_url(project)? {
        None => Ok(BlobStore::folder(&project.state_dir().join("blobs"))?),
        Some(url) => Ok(BlobStore::open(&url)?),
    }
}

/// Returns the URL of the blob store. None: a folder of the project.
///
/// # Errors
/// It is no URL, or this program cannot open it.
pub(crate) fn blobs_url(project: &ProjectConfig) -> Result<Option<Url>> {
    let configured = &project.config.blobs.url;
    if configured.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(configured)
        .with_context(|| format!("`blobs.url` is `{configured}`, which is not a URL"))?;
    if !cfg!(feature = "aws") && ["s3", "s3a", "https"].contains(&url.scheme()) {
        bail!("`blobs.url` is `{configured}`, which cannot be opened. {NEEDS_AWS}");
    }
    Ok(Some(url))
}

/// Opens a host. It runs this program to compile each component in a separate process.
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
        max_memory_bytes: Some(worker.max_memory_bytes).filter(|bytes| *bytes > 0),
        ceilings: worker.ceilings.clone(),
        compiler: std::env::current_exe().ok(),
        ..HostConfig::default()
    };
    Ok(tasker_assembly::open_host(config, blobs)?)
}

/// Starts an orchestrator; it runs until `stop` is cancelled.
pub(crate) async fn start_orchestrator(
    project: &ProjectConfig,
    pool: Pool,
    transport: &Transport,
    blobs: BlobStore,
    claim: Claim,
    stop: CancellationToken,
) -> Result<RunningOrchestrator> {
    let configured = &project.config.orchestrator;
    let settings = Settings {
        environment: configured.environment.clone(),
        report_loops: configured.report_loops,
        sweep_interval: Duration::from_secs(configured.sweep_interval_seconds.max(1)),
        bulk_per_second: project.config.server.bulk_per_second,
        analytics: AnalyticsSettings {
            enabled: project.config.analytics.enabled,
            gib_second_price: project.config.analytics.gib_second_price,
            million_executions_price: project.config.analytics.million_executions_price,
        },
        intake: IntakeLimits {
            tasks: configured.max_waiting_creations,
            bytes: configured.max_waiting_bytes,
            wait: Duration::from_secs(configured.max_creation_wait_seconds),
        },
        ..Settings::default()
    };
    let networks = configured.webhook_networks.iter().map(|text| {
        granted_network(text).with_context(|| {
            format!(
                "`orchestrator.webhook_networks` contains `{text}`; write an address, or a network such as 10.1.0.0/16"
            )
        })
    });
    let mut networks = Networks::with(networks.collect::<Result<_>>()?);
    if claim == Claim::Exclusive {
        networks = networks.and_loopback();
    }
    Ok(RunningOrchestrator::start(pool, transport, blobs, settings, networks, claim, stop).await?)
}

/// Starts a worker; it runs steps until `stop` is cancelled.
pub(crate) fn start_worker(
    project: &ProjectConfig,
    host: Host,
    transport: Transport,
    blobs: BlobStore,
    stop: CancellationToken,
) -> JoinHandle<()> {
    let worker = &project.config.worker;
    let settings = WorkerSettings {
        max_concurrent: worker.max_concurrent,
        drain: Duration::from_secs(worker.drain_seconds),
    };
    tasker_assembly::start_worker(host, transport, blobs, settings, stop)
}
