//! The export to a collector: OTLP, as Protocol Buffers over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{
    MetricExporter, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, Temporality as SdkTemporality},
};
use tokio::runtime::Handle;

use crate::{
    settings::{MetricsSettings, StartError, Temporality, variable},
    tracer::Tracer,
};

/// The variable that names a collector of everything.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// The longest response of a collector that is read, in bytes.
const MAX_RESPONSE: usize = 1 << 20;
/// How long a request may take, if the exporter does not end it before.
const LONGEST: Duration = Duration::from_secs(60);

/// Returns what pushes metrics once a minute, if a collector is configured.
///
/// # Errors
/// The collector's URL is none.
pub(crate) fn reader(
    settings: &MetricsSettings,
) -> Result<Option<PeriodicReader<MetricExporter>>, StartError> {
    let Some(collector) = Collector::of(settings, "METRICS")? else { return Ok(None) };
    let temporality = match settings.temporality {
        Temporality::Cumulative => None,
        Temporality::Delta => Some(SdkTemporality::Delta),
    };
    let failed = |error: &dyn std::fmt::Display| StartError(error.to_string());
    let client = Client::new().map_err(|error| failed(&error))?;
    let mut exporter =
        MetricExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_http_client(client);
    if let Collector::Configured(endpoint) = collector {
        exporter = exporter.with_endpoint(format!("{endpoint}/v1/metrics"));
    }
    // Only if the environment does not say.
    if variable("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE").is_none()
        && let Some(temporality) = temporality
    {
        exporter = exporter.with_temporality(temporality);
    }
    let exporter = exporter.build().map_err(|error| failed(&error))?;
    Ok(Some(PeriodicReader::builder(exporter).build()))
}

/// Returns what pushes spans, if a collector is configured and some are sampled.
///
/// # Errors
/// The collector's URL is none, or the ratio is.
pub(crate) fn tracer(
    settings: &MetricsSettings,
    resource: &Resource,
    scope: &'static str,
) -> Result<Option<Tracer>, StartError> {
    let Some(collector) = Collector::of(settings, "TRACES")? else { return Ok(None) };
    let given = variable("OTEL_TRACES_SAMPLER_ARG");
    let ratio = match &given {
        Some(text) => text.parse().map_err(|_| {
            StartError(format!("OTEL_TRACES_SAMPLER_ARG is `{text}`; it must be a number from 0 to 1"))
        })?,
        None => settings.traces_sample_ratio,
    };
    let failed = |error: &dyn std::fmt::Display| StartError(error.to_string());
    let client = Client::new().map_err(|error| failed(&error))?;
    let mut exporter =
        SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_http_client(client);
    if let Collector::Configured(endpoint) = collector {
        exporter = exporter.with_endpoint(format!("{endpoint}/v1/traces"));
    }
    let exporter = exporter.build().map_err(|error| failed(&error))?;
    Tracer::new(exporter, resource, ratio, scope).map(Some)
}

/// Where a signal goes.
enum Collector {
    /// To what the environment says, which the exporter reads itself.
    OfEnvironment,
    /// Below this URL.
    Configured(String),
}

impl Collector {
    /// Where a signal, `METRICS` or `TRACES`, goes. None: nowhere.
    fn of(settings: &MetricsSettings, signal: &str) -> Result<Option<Self>, StartError> {
        if variable(&format!("OTEL_{signal}_EXPORTER")).is_some_and(|name| name == "none") {
            return Ok(None);
        }
        let own = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
        if variable(&own).is_some() || variable(ENDPOINT).is_some() {
            return Ok(Some(Self::OfEnvironment));
        }
        match settings.otlp_endpoint.trim_end_matches('/') {
            "" => Ok(None),
            url if url.starts_with("http://") || url.starts_with("https://") => {
                Ok(Some(Self::Configured(url.to_owned())))
            }
            url => Err(StartError(format!(
                "`telemetry.otlp_endpoint` is `{url}`, which is not the URL of a collector; write http://127.0.0.1:4318"
            ))),
        }
    }
}

/// The client of the exporter, which calls it on a thread without a runtime.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

impl Client {
    fn new() -> Result<Self, HttpError> {
        // Does nothing if another part of the process has chosen one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(LONGEST)
            // A collector does not redirect, and headers may contain its credentials.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, runtime: Handle::try_current()? })
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let client = self.client.clone();
        self.runtime
            .spawn(async move {
                let mut answer = client.execute(request).await?;
                let mut body = Vec::new();
                while let Some(part) = answer.chunk().await? {
                    if body.len() + part.len() > MAX_RESPONSE {
                        return Err(format!("the collector's response exceeds {MAX_RESPONSE} bytes").into());
                    }
                    body.extend_from_slice(&part);
                }
                let mut response = Response::builder().status(answer.status());
                if let Some(headers) = response.headers_mut() {
                    *headers = std::mem::take(answer.headers_mut());
                }
                Ok(response.body(Bytes::from(body))?)
            })
            .await?
    }
}
