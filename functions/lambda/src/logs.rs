//! Logs, in the form that the platform collects.

use tracing_subscriber::EnvFilter;

/// Writes logs to standard output from now on, one line each. `RUST_LOG` filters them; the default is `info`. The platform
/// adds the time.
pub fn start_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .init();
}
