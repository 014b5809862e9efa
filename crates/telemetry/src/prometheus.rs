//! Metrics as text, in the format of Prometheus.

use opentelemetry_prometheus::PrometheusExporter;
use prometheus::{Encoder as _, Registry, TextEncoder};

use crate::settings::StartError;

/// Returns what keeps the metrics, and where to read them.
///
/// # Errors
/// It cannot be registered.
pub(crate) fn reader() -> Result<(PrometheusExporter, Registry), StartError> {
    let registry = Registry::new();
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        // Names state their units, and no label is needed for a single scope.
        .without_units()
        .without_target_info()
        .scope_info_enabled(false)
        .build()
        .map_err(|error| StartError(error.to_string()))?;
    Ok((exporter, registry))
}

/// Writes the metrics of a registry.
pub(crate) fn write(registry: &Registry) -> String {
    let mut text = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&registry.gather(), &mut text) {
        // Writing to memory does not fail; a family without metrics would.
        return format!("# the metrics cannot be written: {error}\n");
    }
    String::from_utf8_lossy(&text).into_owned()
}
