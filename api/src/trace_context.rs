//! The trace context (W3C) of a request.

use axum::http::HeaderMap;
use tasker_telemetry::trace::parse;

/// The trace context that a request came with. One that is not valid counts as none.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<&str> {
    headers.get("traceparent")?.to_str().ok().filter(|text| parse(text).is_some())
}
