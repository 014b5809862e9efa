//! The instruments of this process, from the start of their export to its end.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::OnceLock,
    time::Duration,
};

use opentelemetry::{KeyValue, metrics::MeterProvider as _};
use opentelemetry_sdk::{Resource, metrics::SdkMeterProvider};

use crate::{
    instruments::Metrics,
    settings::{MetricsSettings, StartError, is_disabled, variable},
};

/// The scope of all instruments.
const SCOPE: &str = "tasker";

/// What tells the pushed metrics of two processes apart.
const INSTANCE: &str = "service.instance.id";

static STARTED: OnceLock<Started> = OnceLock::new();

struct Started {
    metrics: Metrics,
    provider: SdkMeterProvider,
    #[cfg(feature = "otlp")]
    tracer: Option<crate::tracer::Tracer>,
    #[cfg(feature = "prometheus")]
    registry: Option<prometheus::Registry>,
}

/// The instruments of this process. None until [`start`]: then there is nothing to record.
#[inline]
pub fn metrics() -> Option<&'static Metrics> {
    STARTED.get().map(|started| &started.metrics)
}

/// What exports spans. None until [`start`], and without a collector: then there is nothing to record.
#[cfg(feature = "otlp")]
#[inline]
pub fn tracer() -> Option<&'static crate::tracer::Tracer> {
    STARTED.get()?.tracer.as_ref()
}

/// Records metrics from now on, if the settings or the environment say where to. Returns whether it does. Only the first call
/// of a process has an effect.
///
/// # Errors
/// The settings name something that is no collector.
pub fn start(settings: &MetricsSettings) -> Result<bool, StartError> {
    if STARTED.get().is_some() {
        return Ok(true);
    }
    if is_disabled() {
        return Ok(false);
    }
    let mut provider = SdkMeterProvider::builder();
    let mut has_reader = false;
    #[cfg(feature = "otlp")]
    if let Some(reader) = crate::otlp::reader(settings)? {
        (provider, has_reader) = (provider.with_reader(reader), true);
    }
    #[cfg(feature = "prometheus")]
    let registry = if settings.text {
        let (reader, registry) = crate::prometheus::reader()?;
        (provider, has_reader) = (provider.with_reader(reader), true);
        Some(registry)
    } else {
        None
    };
    let resource = Resource::builder();
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
    let mut resource = if named { resource } else { resource.with_service_name(settings.service) };
    resource = resource.with_attribute(KeyValue::new("service.version", settings.version));
    if !variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|given| given.contains(INSTANCE)) {
        resource = resource.with_attribute(KeyValue::new(INSTANCE, random_name()));
    }
    let resource = resource.build();
    #[cfg(feature = "otlp")]
    let tracer = crate::otlp::tracer(settings, &resource, SCOPE)?;
    #[cfg(feature = "otlp")]
    let has_reader = has_reader || tracer.is_some();
    if !has_reader {
        return Ok(false);
    }
    let provider = provider.with_resource(resource).build();
    let meter = provider.meter(SCOPE);
    let metrics = Metrics::new(&meter, settings.step_labels);
    crate::process::observe(&meter);
    metrics.build_info.set(1.0, [settings.version.into()]);
    let started = Started {
        metrics,
        provider,
        #[cfg(feature = "otlp")]
        tracer,
        #[cfg(feature = "prometheus")]
        registry,
    };
    let _ = STARTED.set(started);
    Ok(true)
}

/// A name that no other process has.
fn random_name() -> String {
    let part = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", part(), part())
}

/// The metrics in the text format of Prometheus. None if that is not configured.
pub fn text() -> Option<String> {
    #[cfg(feature = "prometheus")]
    return STARTED.get()?.registry.as_ref().map(crate::prometheus::write);
    #[cfg(not(feature = "prometheus"))]
    None
}

/// Pushes what was recorded, within this time. For a process that may be frozen afterwards. Returns whether that was in time.
#[cfg(feature = "otlp")]
pub async fn flush(within: Duration) -> bool {
    let Some(started) = STARTED.get() else { return true };
    let provider = started.provider.clone();
    let flushed = tokio::task::spawn_blocking(move || {
        if let Some(tracer) = &started.tracer {
            tracer.flush();
        }
        provider.force_flush()
    });
    // A collector that does not respond must not hold the process. It misses what was counted since the push before.
    tokio::time::timeout(within, flushed).await.is_ok()
}

/// Pushes what was recorded, within this time, and ends the export.
#[cfg(feature = "otlp")]
pub async fn stop(within: Duration) {
    let Some(started) = STARTED.get() else { return };
    let provider = started.provider.clone();
    let stopped = tokio::task::spawn_blocking(move || {
        if let Some(tracer) = &started.tracer {
            tracer.stop(within / 2);
        }
        provider.shutdown_with_timeout(within)
    });
    let _ = tokio::time::timeout(within, stopped).await;
}

/// Nothing is pushed.
#[cfg(not(feature = "otlp"))]
pub async fn flush(_within: Duration) -> bool {
    true
}

/// Nothing is pushed.
#[cfg(not(feature = "otlp"))]
pub async fn stop(_within: Duration) {}
