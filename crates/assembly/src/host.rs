//! A runtime host with components from a blob store, and the worker that runs the steps of a queue on it.

use std::{sync::Arc, time::Duration};

use tasker_runtime_host::{EnvironmentSecrets, Host, HostConfig, HostError, Worker, WorkerConnections};
use tasker_transport::BlobStore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::transport::Transport;

/// The settings of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerSettings {
    /// The maximum number of steps that run at once.
    pub max_concurrent: usize,
    /// How long running steps may continue after a request to stop.
    pub drain: Duration,
}

/// Opens a host that loads components from `blobs` and secrets from environment variables.
///
/// # Errors
/// If the engine does not start or the cache folder cannot be used.
pub fn open_host(config: HostConfig, blobs: &BlobStore) -> Result<Host, HostError> {
    Host::new(config, Arc::new(blobs.clone()), Arc::new(EnvironmentSecrets))
}

/// Starts a task that runs the steps of a queue until `stop` is cancelled and running steps have ended.
pub fn start_worker(
    host: Host,
    transport: Transport,
    blobs: BlobStore,
    settings: WorkerSettings,
    stop: CancellationToken,
) -> JoinHandle<()> {
    let WorkerSettings { max_concurrent, drain } = settings;
    let Transport { steps, reports, leases, finisher } = transport;
    let connections = WorkerConnections { steps, reports, leases, finisher, blobs };
    tokio::spawn(async move { Worker::run(host, connections, max_concurrent, drain, stop).await })
}
