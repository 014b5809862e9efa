//! Logs in the format that Lambda collects.

use std::fmt::Display;

use tracing_subscriber::EnvFilter;

/// Writes logs to standard output from now on, one line each, without the time, which Lambda adds. `RUST_LOG` filters
/// them; the default is `info`.
pub fn start_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .init();
}

/// Logs a failure of the work after an event. The event itself is done, so the function still returns its result.
pub fn log_failure(work: Result<(), impl Display>) {
    if let Err(error) = work {
        tracing::warn!(%error, "the work after this event failed; the sweep does the rest");
    }
}
