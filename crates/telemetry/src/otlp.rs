//! The export to a collector: OTLP, as Protocol Buffers over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{MetricExporter, Protocol, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::metrics::{PeriodicReader, Temporality as SdkTemporality};
use tokio::runtime::Handle;

use crate::settings::{MetricsSettings, StartError, Temporality, variable};

/// The variables that name a collector.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
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
    if variable("OTEL_METRICS_EXPORTER").is_some_and(|name| name == "none") {
        return Ok(None);
    }
    let of_environment = ENDPOINTS.into_iter().any(|name| variable(name).is_some());
    if settings.otlp_endpoint.is_empty() && !of_environment {
        return Ok(None);
    }
    let temporality = match settings.temporality {
        Temporality::Cumulative => None,
        Temporality::Delta => Some(SdkTemporality::Delta),
    };
    let endpoint = &settings.otlp_endpoint;
    if !of_environment && !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
        return Err(StartError(format!(
            "`telemetry.otlp_endpoint` is `{endpoint}`, which is not the URL of a collector; write http://127.0.0.1:4318"
        )));
    }
    let failed = |error: &dyn std::fmt::Display| StartError(error.to_string());
    let client = Client::new().map_err(|error| failed(&error))?;
    let mut exporter =
        MetricExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_http_client(client);
    if !of_environment {
        exporter = exporter.with_endpoint(format!("{}/v1/metrics", endpoint.trim_end_matches('/')));
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
