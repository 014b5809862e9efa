//! The host as a process of its own, for steps that take longer than a function may: takes steps off their queue until it is
//! told to stop, then lets them end for as long as the platform waits, and hands back the rest.

use std::time::Duration;

use tasker_function_environment::{Error, open_host, optional, start_logs};
use tasker_runtime_host::Worker;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How many steps run at once, unless the environment says otherwise.
const MAX_CONCURRENT: usize = 16;
/// After so many receives a message goes to the dead-letter queue: each stop of a host may cost one.
const MAX_RECEIVES: u32 = 20;
/// How long running steps may go on when the process is told to stop: less than the longest time that ECS waits.
const DRAIN: Duration = Duration::from_secs(110);

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let concurrent = optional("TASKER_MAX_CONCURRENT").map(|count| count.parse()).transpose()?;
    let drain = optional("TASKER_DRAIN_SECONDS").map(|seconds| seconds.parse()).transpose()?;
    let concurrent = concurrent.unwrap_or(MAX_CONCURRENT);
    let open = open_host("TASKER_STEPS_QUEUE", MAX_RECEIVES, concurrent).await?;
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
    tracing::info!(host = open.host.name(), concurrent, "takes long steps");
    let drain = drain.map_or(DRAIN, Duration::from_secs);
    Worker::run(open.host, open.connections, concurrent, drain, stop).await;
    Ok(())
}
