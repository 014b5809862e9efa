//! Entity tags: returns 304 instead of a response that the client already has.

use axum::{
    body::{Body, HttpBody as _, to_bytes},
    extract::Request,
    http::{
        HeaderValue, Method, StatusCode,
        header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    middleware::Next,
    response::Response,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest, Sha256};

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
