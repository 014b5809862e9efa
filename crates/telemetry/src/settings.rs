//! What a process exports, and where to. The standard variables of OpenTelemetry override it.

/// What a process measures, and where it goes.
#[derive(Debug, Clone)]
pub struct MetricsSettings {
    /// The name of the service: `tasker-server`. `OTEL_SERVICE_NAME` overrides it.
    pub service: &'static str,
    /// The version of Tasker.
    pub version: &'static str,
    /// Whether [`crate::text`] returns them.
    pub text: bool,
    /// The URL of an OTLP collector over HTTP, to which `/v1/metrics` is added. `OTEL_EXPORTER_OTLP_ENDPOINT` and its likes
    /// override it. Empty: nothing is pushed.
    pub otlp_endpoint: String,
    /// What is pushed.
    pub temporality: Temporality,
    /// The share of the traces that begin here and are exported to the collector: from 0 to 1. `OTEL_TRACES_SAMPLER_ARG` overrides
    /// it.
    pub traces_sample_ratio: f64,
    /// Whether metrics of steps have the label `step`.
    pub step_labels: bool,
}

/// What is pushed of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temporality {
    /// The sum since the start of the process.
    Cumulative,
    /// The sum since the last push. For processes that end at any time, and are many.
    Delta,
}

/// Why the export of metrics cannot start.
#[derive(Debug, thiserror::Error)]
#[error("telemetry cannot be exported: {0}")]
pub struct StartError(pub(crate) String);

/// Whether the environment says that nothing is to be exported at all.
#[cfg(any(feature = "otlp", feature = "prometheus"))]
pub(crate) fn is_disabled() -> bool {
    variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The value of an environment variable, if it is set and not empty.
#[cfg(any(feature = "otlp", feature = "prometheus"))]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
