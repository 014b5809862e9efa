//! The id of a request, which is in its response, in problems and in logs.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tasker_telemetry::trace::parse;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use crate::trace_context::traceparent;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: Uuid;
}

/// The id of the request that this task works on.
pub(crate) fn current() -> Option<Uuid> {
    CURRENT.try_with(|id| *id).ok()
}

/// Works on a request with this id.
pub(crate) async fn within<T>(id: Option<Uuid>, work: impl Future<Output = T>) -> T {
    match id {
        Some(id) => CURRENT.scope(id, work).await,
        None => work.await,
    }
}

/// Runs to the end even if the client closes its connection, which drops what works on its request.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    tokio::spawn(within(current(), work).in_current_span()).await
}

/// What log lines about a request say.
fn named(id: Uuid, request: &Request) -> Span {
    tasker_telemetry::request(&id, || {
        let mut parts = request.uri().path().split('/').skip_while(|part| *part != "tasks").skip(1);
        let task = parts.next().filter(|part| Uuid::try_parse(part).is_ok());
        let trace = traceparent(request.headers()).and_then(parse).map(|(trace, ..)| trace);
        (task, trace)
    })
}

/// Takes the caller's id if it is a UUID, or makes one.
pub(crate) async fn identify(request: Request, next: Next) -> Response {
    let given = request.headers().get(HEADER).and_then(|value| Uuid::try_parse_ascii(value.as_bytes()).ok());
    let id = given.unwrap_or_else(Uuid::now_v7);
    let span = named(id, &request);
    let mut response = CURRENT.scope(id, next.run(request)).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
