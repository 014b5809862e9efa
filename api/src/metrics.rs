//! The metrics of the process, for Prometheus: a route of the API, and a server of their own.

use axum::{
    Router,
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    problem::{ApiError, Code, Problem},
    server,
};

/// The content type of the format.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Returns what the process measures, in the text format of Prometheus. The rows are in `docs/observability.md`.
#[utoipa::path(get, path = "/metrics", tag = "operation", operation_id = "get_metrics", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 404, body = Problem, description = "The server keeps no metrics.")))]
pub(crate) async fn show() -> Result<Response, ApiError> {
    let text = tasker_telemetry::text().ok_or_else(|| {
        let detail = "the server keeps no metrics; set `metrics = true` under [telemetry] of tasker.toml";
        ApiError::new(Code::MetricsOff, detail.to_owned())
    })?;
    Ok(([(CONTENT_TYPE, TEXT)], text).into_response())
}

/// Serves the metrics of the process at `/metrics`, to everybody who reaches the listener, until `stop` is cancelled.
pub async fn serve_metrics(listener: TcpListener, stop: CancellationToken) {
    server::serve(listener, Router::new().route("/metrics", get(show)), stop).await;
}
