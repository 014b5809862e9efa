//! Logs in the format that Lambda collects.

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
