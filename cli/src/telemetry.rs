//! Logs and metrics of a process, as `[telemetry]` says.

use std::{io::IsTerminal, time::Duration};

use anyhow::{Context, Result};
use tasker_telemetry::{JsonLines, MetricsSettings, Temporality, name_work, stop};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    config::{LogFormat, ProjectConfig},
    output::Output,
};

/// How long the last push of metrics may take when a process ends.
const LAST_PUSH: Duration = Duration::from_secs(2);

/// Writes logs to standard error from now on. A service tells more than a command.
pub(crate) fn start_logging(verbose: u8, is_service: bool, format: LogFormat) {
    let default = match (verbose, is_service) {
        (0, false) => "warn",
        (0, true) | (1, _) => {
            "warn,tasker=info,tasker_orchestrator=info,tasker_runtime_host=info,tasker_api=info"
        }
        _ => "info,tasker=debug,tasker_orchestrator=debug,tasker_runtime_host=debug,tasker_api=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => {
            name_work();
            logs.with_ansi(false).fmt_fields(JsonLines::fields()).event_format(JsonLines).init();
        }
    }
}

/// Measures from now on, if the project or the environment says where to.
pub(crate) async fn start_metrics(
    project: &ProjectConfig,
    service: &'static str,
    output: &Output,
    stopping: &CancellationToken,
) -> Result<Metrics> {
    let configured = &project.config.telemetry;
    let listen = &configured.metrics_listen;
    let settings = MetricsSettings {
        service,
        version: env!("CARGO_PKG_VERSION"),
        text: configured.metrics || !listen.is_empty(),
        otlp_endpoint: configured.otlp_endpoint.clone(),
        temporality: Temporality::Cumulative,
        traces_sample_ratio: configured.traces_sample_ratio,
        step_labels: configured.step_labels,
    };
    tasker_telemetry::start(&settings)?;
    if !listen.is_empty() {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("metrics cannot be served on `telemetry.metrics_listen`, {listen}"))?;
        output.say(&format!("metrics on http://{}/metrics", listener.local_addr()?));
        tokio::spawn(tasker_api::serve_metrics(listener, stopping.clone()));
    }
    Ok(Metrics)
}

/// The metrics of a process that runs.
#[must_use]
pub(crate) struct Metrics;

impl Metrics {
    /// Pushes the last of them.
    pub(crate) async fn end(self) {
        stop(LAST_PUSH).await;
    }
}
