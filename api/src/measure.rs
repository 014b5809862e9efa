//! Measures requests by their routes.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::Response,
};
use tasker_telemetry::{Label, metrics};

use crate::traced::Traced;

/// What a request to no route counts as.
const NO_ROUTE: &str = "none";

/// A request that is being served. It counts until it is dropped: its client may go before.
struct Active;

impl Active {
    fn begin() -> Self {
        add(1);
        Self
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        add(-1);
    }
}

fn add(count: i64) {
    if let Some(metrics) = metrics() {
        metrics.http_active_requests.add(count, []);
    }
}

/// Measures a request.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let Some(metrics) = metrics() else { return next.run(request).await };
    let (began, _active) = (Instant::now(), Active::begin());
    let traced = Traced::of(&request);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = name_of(request.method());
    let response = next.run(request).await;
    let route = route.map_or(Label::from(NO_ROUTE), |route| route.as_str().to_owned().into());
    if let Some(traced) = traced {
        traced.ended(method, route.as_str(), response.status());
    }
    let status = Label::from(response.status().as_str().to_owned());
    metrics.http_request_duration.took(began.elapsed(), [method.into(), route, status]);
    response
}

/// The name of a method. Others are of no route, and anybody can make them up.
fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
