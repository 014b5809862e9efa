//! What may keep responses: the client itself, which asks each time whether they still hold. A cache between it and the server would
//! return to one caller what another may read.

use axum::{
    extract::Request,
    http::{HeaderValue, Method, header::CACHE_CONTROL},
    middleware::Next,
    response::Response,
};

/// Says so, unless the route says something else. What changes something is kept nowhere: its response may hold a secret.
pub(crate) async fn limit(request: Request, next: Next) -> Response {
    let reads = request.method() == Method::GET;
    let mut response = next.run(request).await;
    let rule = if reads { "private, no-cache" } else { "no-store" };
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(rule));
    response
}
