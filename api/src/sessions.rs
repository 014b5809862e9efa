//! Sessions of browsers: begins one with an API key, lists them and ends them.

use axum::{
    Extension, Json,
    extract::{FromRequestParts, State},
    http::{HeaderMap, StatusCode, header::SET_COOKIE, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Orchestrator,
    access::{NewSession, Session},
};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    extract::{Body, Path},
    guardian::Guardian,
    page::{List, NoFilters, Page, PageParameters},
    problem::{ApiError, Code, Problem},
    site::Purpose,
    trail::Visit,
};

/// A login with an API key.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyLogin {
    /// The API key. The browser keeps it nowhere: the session takes its place.
    pub api_key: String,
}

/// The head of a request.
pub(crate) struct Head(pub(crate) Parts);

impl<S: Send + Sync> FromRequestParts<S> for Head {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.clone()))
    }
}

/// Begins a session of a browser, in a cookie that pages cannot read. It has the permissions of the key and ends with it, after
/// 8 hours, or after an hour without a request. What it changes needs the header `X-Tasker-Request: 1`.
#[utoipa::path(post, path = "/v1/session", tag = "keys", operation_id = "log_in", request_body = KeyLogin, responses(
    (status = 201, body = Session), (status = 401, body = Problem, description = "The API key is not valid."),
    (status = 403, body = Problem, description = "The request comes from a page of another site."),
    (status = 409, body = Problem, description = "This server has no logins, or no TLS."),
    (status = 429, body = Problem, description = "There were too many wrong keys. See `Retry-After`.")))]
pub(crate) async fn begin(
    State(orchestrator): State<Orchestrator>,
    Extension(guardian): Extension<Guardian>,
    Head(head): Head,
    Body(login): Body<KeyLogin>,
) -> Response {
    let visit = Visit::of_login(&head);
    let begun = async {
        check_logins(&guardian)?;
        let cookies = guardian.site().cookies()?;
        guardian.site().check_origin(&head.headers, &head.uri)?;
        let caller = guardian.caller_of_key(&login.api_key, visit.address()).await?;
        let principal = caller.principal.clone();
        let new = NewSession { caller, address: visit.address(), user_agent: visit.program() };
        let made = orchestrator.sessions.create(&new).await?;
        let cookie = cookies.set(Purpose::Session, &made.secret, None);
        Ok((principal, (StatusCode::CREATED, [(SET_COOKIE, cookie)], Json(made.session)).into_response()))
    };
    let (principal, response) = match begun.await {
        Ok((principal, response)) => (Some(principal), response),
        Err(error) => (None, ApiError::into_response(error)),
    };
    guardian.record(visit, principal.as_ref(), response.status()).await;
    response
}

/// Checks that callers log in here.
pub(crate) fn check_logins(guardian: &Guardian) -> Result<(), ApiError> {
    if guardian.has_logins() {
        return Ok(());
    }
    let who = match guardian.mode() {
        "off" => "it authenticates nobody",
        _ => "the gateway in front of it authenticates its callers",
    };
    Err(ApiError::new(Code::NotPossible, format!("this server has no logins: {who}")))
}

/// Ends the session in which the request is sent.
#[utoipa::path(delete, path = "/v1/session", tag = "keys", operation_id = "log_out", responses((status = 204),
    (status = 409, body = Problem, description = "The request is not sent in a session.")))]
pub(crate) async fn end_own(
    State(orchestrator): State<Orchestrator>,
    Extension(guardian): Extension<Guardian>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(text) = guardian.session_of(&headers) else {
        let message = "the request is not sent in a session, so that there is none to end".to_owned();
        return Err(ApiError::new(Code::NotPossible, message));
    };
    orchestrator.sessions.end_by_text(text).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(cookies) = guardian.site().cookies() {
        response.headers_mut().insert(SET_COOKIE, cookies.clear(Purpose::Session));
    }
    Ok(response)
}

/// Lists the sessions that have not ended, newest first.
#[utoipa::path(get, path = "/v1/sessions", tag = "keys", operation_id = "list_sessions", params(PageParameters),
    responses((status = 200, body = Page<Session>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    list: List<NoFilters>,
) -> Result<Page<Session>, ApiError> {
    let sessions = orchestrator.sessions.list(list.slice()?).await?;
    Ok(list.page(sessions, |session| (session.created_at, session.session_id)))
}

/// Ends a session. Every server refuses it within two seconds.
#[utoipa::path(delete, path = "/v1/sessions/{session_id}", tag = "keys", operation_id = "end_session",
    params(("session_id" = Uuid, Path)),
    responses((status = 200, body = Session), (status = 404, body = Problem)))]
pub(crate) async fn end(
    State(orchestrator): State<Orchestrator>,
    Path(id): Path<Uuid>,
) -> Result<Json<Session>, ApiError> {
    Ok(Json(orchestrator.sessions.end(id).await?))
}
