//! Entity tags: returns 304 instead of a response that the client already has, and 412 instead of changing what has changed
//! since the client read it.

use axum::{
    Router,
    body::{Body, HttpBody as _, to_bytes},
    extract::{Request, State},
    http::{
        HeaderValue, Method, StatusCode,
        header::{
            ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, TRANSFER_ENCODING,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest, Sha256};
use tower::ServiceExt as _;

use crate::problem::{ApiError, Code};

/// The maximum length of a tagged response, in bytes.
const LONGEST: u64 = 1 << 20;

/// Adds an entity tag to JSON that was read, and returns 304 if the client has it.
pub(crate) async fn tag(request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
    let is_short = response.body().size_hint().upper().is_some_and(|length| length <= LONGEST);
    if response.status() != StatusCode::OK || !is_json || !is_short {
        return response;
    }
    let (mut head, body) = response.into_parts();
    // It is in memory already.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let tag = format!("\"{}\"", BASE64.encode(&Sha256::digest(&body)[..18]));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        head.headers.insert(ETAG, value);
    }
    if known.is_some_and(|known| has(&known, &tag)) {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(CONTENT_TYPE);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(body))
}

/// Whether `If-None-Match` names this tag. Weak ones count too (RFC 9110, 13.1.2).
fn has(known: &HeaderValue, tag: &str) -> bool {
    let Ok(known) = known.to_str() else { return false };
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

/// Compares `If-Match` with what the routes return now, before anything is changed. Somebody else may still come between:
/// `expected_state` of an operation on a task is checked in its transaction.
pub(crate) async fn check(State(routes): State<Router>, request: Request, next: Next) -> Response {
    if let Some((wanted, reading)) = reading_of(&request) {
        if request.headers().contains_key("idempotency-key") {
            let detail = "`If-Match` and `Idempotency-Key` exclude each other: a repetition would be compared with what the first \
                          request has changed";
            return ApiError::new(Code::InvalidRequest, detail.to_owned()).into_response();
        }
        // A router never fails.
        let read = routes.oneshot(reading).await.unwrap_or_else(|never| match never {});
        if !read.status().is_success() {
            return read;
        }
        // A long response has no tag.
        let tag = read.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or("none");
        if !has(&wanted, tag) {
            let detail = "it has changed since you read it: read it again, and decide anew";
            return ApiError::new(Code::PreconditionFailed, detail.to_owned()).into_response();
        }
    }
    next.run(request).await
}

/// The request that reads what a request with `If-Match` would change, and the tags that it names.
fn reading_of(request: &Request) -> Option<(HeaderValue, Request)> {
    let changes = [Method::PATCH, Method::DELETE].contains(request.method());
    let wanted = request.headers().get(IF_MATCH).filter(|_| changes)?.clone();
    let mut reading = Request::new(Body::empty());
    *reading.uri_mut() = request.uri().path().parse().ok()?;
    *reading.headers_mut() = request.headers().clone();
    for header in [ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, IF_NONE_MATCH, TRANSFER_ENCODING] {
        reading.headers_mut().remove(header);
    }
    *reading.extensions_mut() = request.extensions().clone();
    Some((wanted, reading))
}
