//! A host as a container, for steps that exceed the time limit of a function: runs the steps of its queue until
//! SIGTERM, lets running steps continue within the drain time, and returns the rest to the queue.

use std::time::Duration;

use tasker_assembly::{
    aws::{open_host, parsed},
    timing::{CONTAINER_DRAIN, MAX_RECEIVES},
};
use tasker_function_lambda::{Error, Telemetry, start_logs};
use tasker_runtime_host::Worker;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The number of steps that run at once, by default.
const MAX_CONCURRENT: usize = 16;

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let telemetry = Telemetry::start("tasker-run-long-steps");
    let concurrent = parsed("TASKER_MAX_CONCURRENT")?.unwrap_or(MAX_CONCURRENT);
    let drain = parsed("TASKER_DRAIN_SECONDS")?.map_or(CONTAINER_DRAIN, Duration::from_secs);
    let open = open_host(MAX_RECEIVES, concurrent).await?;
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopping.cancel();
    });
    tracing::info!(host = open.host.name(), concurrent, "runs long steps");
    // Pushed every minute, and at the end.
    telemetry.visit(Worker::run(open.host, open.connections, concurrent, drain, stop)).await;
    Ok(())
}
