//! Repeated requests: with `Idempotency-Key` an unsafe request acts once, and each repetition gets the first response.
//!
//! Creations of tasks have this in the engine, for ever and without a further row.

use axum::{
    RequestExt as _,
    body::{Body, HttpBody as _, to_bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use tasker_orchestrator::access::{
    BegunRequest, Caller, Permission, Principal, Repeatable, RepeatableRequest, Repetition, Scope,
};

use crate::problem::{ApiError, Code, PROBLEM_JSON};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The maximum length of a key, in bytes.
const LONGEST_KEY: usize = 255;
/// The maximum length of a response that is kept, in bytes. Those of unsafe requests are short.
const LONGEST_RESPONSE: u64 = 1 << 20;

/// In the place of a longer one.
const TOO_LONG: &str = r#"{"$omitted":"the response to the first request was too long to be kept"}"#;
/// The route that creates many tasks.
const BATCH: &str = "/v1/tasks/batch";
/// The route that returns the secret of a webhook.
const SUBSCRIPTIONS: &str = "/v1/subscriptions";

/// Lets a route answer a request, unless it was answered before.
pub(crate) async fn once(
    repeatable: &Repeatable,
    caller: &Caller,
    permission: Option<Permission>,
    request: Request,
    next: Next,
) -> Response {
    // Routes that create a task read the key themselves; the others change nothing.
    let creates_one = permission == Some(Permission::TasksCreate) && request.uri().path() != BATCH;
    // PUT may be repeated as it is: it stores what its path names by its digest.
    let changes_nothing = request.method().is_safe()
        || request.method() == Method::PUT
        || matches!(permission, Some(Permission::TemplatesValidate | Permission::TriggersRead));
    if creates_one || changes_nothing {
        return next.run(request).await;
    }
    let Some(key) = request.headers().get(KEY) else { return next.run(request).await };
    let Some(key) = key.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len())) else {
        let message = format!("`Idempotency-Key` must have 1 to {LONGEST_KEY} visible ASCII characters");
        return ApiError::new(Code::InvalidRequest, message).into_response();
    };
    let makes_secret = permission == Some(Permission::KeysCreate)
        || (request.method() == Method::POST && request.uri().path() == SUBSCRIPTIONS);
    if makes_secret {
        let message =
            "`Idempotency-Key` is not for this route: its response holds a secret, which is not stored";
        return ApiError::new(Code::InvalidRequest, message.to_owned()).into_response();
    }
    let key = key.to_owned();
    let (head, body) = request.with_limited_body().into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return ApiError::too_large().into_response() };
    let Principal { kind, name, id } = &caller.principal;
    let principal = format!("{}:{}", kind.as_str(), id.as_ref().unwrap_or(name));
    let repeated = RepeatableRequest { principal, key, hash: hash(&head, &body, caller) };
    match repeatable.begin(&repeated).await {
        Ok(Repetition::First(begun)) => {
            let response = next.run(Request::from_parts(head, Body::from(body))).await;
            keep(repeatable, &begun, response).await
        }
        Ok(Repetition::Again(status, body)) => replay(status, body),
        Ok(Repetition::InProgress) => {
            let message =
                "a request with this idempotency key is being worked on: repeat this one in a moment";
            ApiError::new(Code::NotPossible, message.to_owned()).into_response()
        }
        Ok(Repetition::Another) => {
            let message = "another request had this idempotency key: use another key";
            ApiError::new(Code::IdempotencyKeyReused, message.to_owned()).into_response()
        }
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// Everything in a request that its response depends on: also what its sender may see.
fn hash(head: &Parts, body: &[u8], caller: &Caller) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(head.method.as_str().as_bytes());
    add(head.uri.path_and_query().map_or("", |path| path.as_str()).as_bytes());
    add(body);
    // A CloudEvent in binary mode is in the headers.
    let is_content = |name: &HeaderName| name == CONTENT_TYPE || name.as_str().starts_with("ce-");
    let mut headers: Vec<_> = head.headers.iter().filter(|(name, _)| is_content(name)).collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        add(name.as_str().as_bytes());
        add(value.as_bytes());
    }
    for (permission, scope) in caller.grant.permissions() {
        add(permission.as_str().as_bytes());
        if let Scope::Namespaces(names) = scope {
            for name in names {
                add(name.as_bytes());
            }
        }
    }
    hash.finalize().to_vec()
}

/// Keeps a response, unless Tasker failed: then the request may be repeated.
async fn keep(repeatable: &Repeatable, request: &BegunRequest, response: Response) -> Response {
    let is_short = response.body().size_hint().upper().is_some_and(|length| length <= LONGEST_RESPONSE);
    let (head, body) = response.into_parts();
    let has_failed = head.status.is_server_error() || head.status == StatusCode::TOO_MANY_REQUESTS;
    let (kept, body) = if has_failed {
        (repeatable.forget_request(request).await, body)
    } else if !is_short {
        (repeatable.end(request, head.status.as_u16(), TOO_LONG).await, body)
    } else {
        // It is in memory already.
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        (repeatable.end(request, head.status.as_u16(), &text).await, Body::from(body.clone()))
    };
    // What the request did stands. Its repetition is worked on again in two minutes.
    if let Err(error) = kept {
        tracing::error!(%error, "the response to a request with an idempotency key could not be kept");
    }
    Response::from_parts(head, body)
}

fn replay(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let content_type = if status.is_success() { "application/json" } else { PROBLEM_JSON };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
