//! Problems: errors as `application/problem+json` (RFC 9457), each with a stable code.

use std::fmt;

use axum::{
    Json,
    extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection},
    http::{
        HeaderValue, Method, StatusCode, Uri,
        header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::Error;
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};
use uuid::Uuid;

use crate::request_id;

/// The content type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request failed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:tasker:error:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means.
    pub title: String,
    /// The status of the response.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// The request: `urn:tasker:request:` and its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// A stable code, for programs.
    #[schema(schema_with = code_schema)]
    pub code: String,
    /// The existing task, if the same request has already created one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Uuid>,
    /// Each fault of an input, if it has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

fn code_schema() -> Object {
    let codes = Code::ALL.iter().map(|code| code.as_str());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A stable code, for programs."))
        .enum_values(Some(codes))
        .build()
}

/// A fault of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// Its place: a JSON Pointer (RFC 6901). Empty for the whole input.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

macro_rules! codes {
    ($($name:ident $status:ident $code:literal $title:literal)*) => {
        /// The codes of problems.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            const ALL: &[Self] = &[$(Self::$name,)*];

            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    InvalidRequest BAD_REQUEST "invalid_request" "The request is invalid"
    InvalidEvent BAD_REQUEST "invalid_event" "The request holds no valid CloudEvent"
    QueryTooBroad UNPROCESSABLE_ENTITY "query_too_broad" "The query would read too much"
    PageTooDeep BAD_REQUEST "page_too_deep" "The page is too far from the beginning"
    Unauthenticated UNAUTHORIZED "unauthenticated" "The request has no valid credentials"
    Forbidden FORBIDDEN "forbidden" "The caller lacks a permission"
    LoginRefused FORBIDDEN "login_refused" "Nobody has logged in"
    OriginRefused FORBIDDEN "origin_refused" "The request comes from a page of another site"
    NoSuchRoute NOT_FOUND "no_such_route" "There is no such route"
    NoSuchTask NOT_FOUND "no_such_task" "There is no such task"
    NoSuchStep NOT_FOUND "no_such_step" "There is no such step"
    NoSuchNamespace NOT_FOUND "no_such_namespace" "There is no such namespace"
    NoSuchTemplate NOT_FOUND "no_such_template" "There is no such template"
    NoSuchHandler NOT_FOUND "no_such_handler" "There is no such handler"
    NoSuchSubscription NOT_FOUND "no_such_subscription" "There is no such subscription"
    NoSuchDlqEntry NOT_FOUND "no_such_dlq_entry" "There is no such DLQ entry"
    NoSuchKey NOT_FOUND "no_such_key" "There is no such API key"
    NoSuchSession NOT_FOUND "no_such_session" "There is no such session"
    NoSuchTrigger NOT_FOUND "no_such_trigger" "There is no such trigger"
    NoSuchEvent NOT_FOUND "no_such_event" "There is no such event"
    NoSuchBulk NOT_FOUND "no_such_bulk" "There is no such bulk operation"
    MetricsOff NOT_FOUND "metrics_off" "The server keeps no metrics"
    NoSuchMethod METHOD_NOT_ALLOWED "no_such_method" "The route does not support this method"
    DuplicateTask CONFLICT "duplicate_task" "The same request has already created a task"
    AlreadyEnded CONFLICT "already_ended" "The task has already ended"
    NotPossible CONFLICT "not_possible" "The current state does not allow this"
    ConfirmExpired CONFLICT "confirm_expired" "The token confirms nothing any more"
    PreconditionFailed PRECONDITION_FAILED "precondition_failed" "It is not as the request expects"
    VersionTaken CONFLICT "version_taken" "The version is published with other content"
    PayloadTooLarge PAYLOAD_TOO_LARGE "payload_too_large" "The request is too large"
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The content type is not supported"
    HostRefused MISDIRECTED_REQUEST "host_refused" "The request is for another host"
    InvalidInput UNPROCESSABLE_ENTITY "invalid_input" "The input does not fit the template's input_schema"
    InvalidResult UNPROCESSABLE_ENTITY "invalid_result" "The result does not fit the template"
    InvalidTemplate UNPROCESSABLE_ENTITY "invalid_template" "The template is invalid"
    InvalidTrigger UNPROCESSABLE_ENTITY "invalid_trigger" "The trigger is invalid"
    UnknownHandler UNPROCESSABLE_ENTITY "unknown_handler" "No published component contains a handler"
    UnknownComponent UNPROCESSABLE_ENTITY "unknown_component" "The blob store does not contain a component"
    IdempotencyKeyReused UNPROCESSABLE_ENTITY "idempotency_key_reused" "Another request had this idempotency key"
    TooManyRequests TOO_MANY_REQUESTS "too_many_requests" "There are too many requests"
    ResponseTooLarge PAYLOAD_TOO_LARGE "response_too_large" "The response is too large"
    AuthUnavailable SERVICE_UNAVAILABLE "auth_unavailable" "Tokens cannot be verified at present"
    Overloaded SERVICE_UNAVAILABLE "overloaded" "Too much is under way"
    Internal INTERNAL_SERVER_ERROR "internal" "Tasker failed"
    Unavailable SERVICE_UNAVAILABLE "unavailable" "Temporarily unavailable"
}

/// A problem to be returned as a response.
#[derive(Debug)]
pub(crate) struct ApiError {
    code: Code,
    detail: String,
    task_id: Option<Uuid>,
    errors: Vec<Fault>,
    /// Whether the request had credentials, which are not valid.
    has_credentials: bool,
    /// When to repeat the request, in seconds.
    retry_after: Option<u64>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl ApiError {
    pub(crate) fn new(code: Code, detail: String) -> Self {
        Self { code, detail, task_id: None, errors: Vec::new(), has_credentials: false, retry_after: None }
    }

    /// Credentials that are not valid.
    pub(crate) fn refused_credentials(detail: &str) -> Self {
        Self { has_credentials: true, ..Self::new(Code::Unauthenticated, detail.to_owned()) }
    }

    /// A login that was begun here and did not succeed. It counts as wrong credentials.
    pub(crate) fn refused_login(detail: &str) -> Self {
        Self { has_credentials: true, ..Self::new(Code::LoginRefused, detail.to_owned()) }
    }

    /// To be repeated in so many seconds.
    pub(crate) fn again_in(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The task that the same request has already created.
    pub(crate) fn duplicate_of(&self) -> Option<Uuid> {
        self.task_id.filter(|_| self.code == Code::DuplicateTask)
    }

    /// Whether a service is away.
    pub(crate) fn is_outage(&self) -> bool {
        self.code.status() == StatusCode::SERVICE_UNAVAILABLE
    }

    /// Whether the credentials are not valid.
    pub(crate) fn is_refusal(&self) -> bool {
        self.code == Code::Unauthenticated
    }

    /// Whether the request had credentials, which are not valid.
    pub(crate) fn has_credentials(&self) -> bool {
        self.has_credentials
    }

    pub(crate) fn too_large() -> Self {
        let detail = "the request's body is too large: 8 MiB are allowed, 4 MiB on Lambda; store large data where the \
                      handlers can read it, and pass a reference";
        Self::new(Code::PayloadTooLarge, detail.to_owned())
    }

    pub(crate) fn duplicate(task: Uuid) -> Self {
        let detail = format!("the same request has already created task {task}");
        Self { task_id: Some(task), ..Self::new(Code::DuplicateTask, detail) }
    }

    /// A request with the idempotency key of another one.
    pub(crate) fn key_reused(task: Uuid) -> Self {
        let detail = format!(
            "task {task} was created with this idempotency key and another input; use another key, or the same input"
        );
        Self { task_id: Some(task), ..Self::new(Code::IdempotencyKeyReused, detail) }
    }
}

impl Problem {
    /// A response that the process around the router cannot return.
    pub fn response_too_large(detail: String) -> Self {
        Self::new(Code::ResponseTooLarge, detail)
    }

    fn new(code: Code, detail: String) -> Self {
        Self {
            kind: format!("urn:tasker:error:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status().as_u16(),
            detail,
            instance: request_id::current().map(|id| format!("urn:tasker:request:{id}")),
            code: code.as_str().to_owned(),
            task_id: None,
            errors: Vec::new(),
        }
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let ApiError { code, detail, task_id, errors, has_credentials: _, retry_after: _ } = error;
        Self { task_id, errors, ..Self::new(code, detail) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (code, has_credentials, retry_after) = (self.code, self.has_credentials, self.retry_after);
        let problem = Problem::from(self);
        let mut response = (code.status(), Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if code == Code::Unauthenticated {
            let challenge = if has_credentials { "Bearer error=\"invalid_token\"" } else { "Bearer" };
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        let wait = retry_after.or((code == Code::TooManyRequests).then_some(60));
        if let Some(seconds) = wait {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Forbidden { .. } => Code::Forbidden,
            Error::NoSuchKey(_) => Code::NoSuchKey,
            Error::NoSuchSession(_) => Code::NoSuchSession,
            Error::NoSuchNamespace { .. } => Code::NoSuchNamespace,
            Error::NoSuchTemplate { .. } => Code::NoSuchTemplate,
            Error::NoSuchTask(_) => Code::NoSuchTask,
            Error::NoSuchStep(_) => Code::NoSuchStep,
            Error::NoSuchHandler { .. } => Code::NoSuchHandler,
            Error::NoSuchSubscription(_) => Code::NoSuchSubscription,
            Error::NoSuchDlqEntry(_) => Code::NoSuchDlqEntry,
            Error::NoSuchTrigger { .. } => Code::NoSuchTrigger,
            Error::NoSuchReceivedEvent(_) => Code::NoSuchEvent,
            Error::NoSuchBulk(_) => Code::NoSuchBulk,
            Error::ConfirmExpired => Code::ConfirmExpired,
            Error::UnexpectedState { .. } => Code::PreconditionFailed,
            Error::InvalidTrigger { .. } => Code::InvalidTrigger,
            Error::Refused(_) => Code::NotPossible,
            Error::InvalidResult(_) => Code::InvalidResult,
            Error::VersionTaken { .. } => Code::VersionTaken,
            Error::Template(_) => Code::InvalidTemplate,
            Error::UnknownHandlers { .. } => Code::UnknownHandler,
            Error::UnknownComponents(_) => Code::UnknownComponent,
            Error::InvalidInput(_) => Code::InvalidInput,
            Error::InvalidRequest { .. } => Code::InvalidRequest,
            Error::Database(_)
            | Error::DatabaseSilent { .. }
            | Error::FunctionsMissing
            | Error::DatabaseInUse
            | Error::Stopping
            | Error::Queue(_)
            | Error::Blob(_)
            | Error::Paused { .. } => Code::Unavailable,
            Error::Overloaded => Code::Overloaded,
            Error::Migration(_) | Error::ForeignSchema(_) | Error::Damaged(_) => Code::Internal,
        };
        let retry_after = retry_after(&error);
        if retry_after.is_some() {
            // There may be thousands of them.
            tracing::debug!(%error, "a request was refused");
        } else if code.status().is_server_error() {
            tracing::error!(%error, "a request failed");
        }
        let errors = match &error {
            Error::InvalidInput(violations) => violations
                .list
                .iter()
                .map(|fault| Fault { pointer: fault.pointer.clone(), detail: fault.detail.clone() })
                .collect(),
            _ => Vec::new(),
        };
        Self { errors, retry_after, ..Self::new(code, error.to_string()) }
    }
}

/// When to repeat a request that was refused at once, in seconds. Those refused together do not return together.
fn retry_after(error: &Error) -> Option<u64> {
    let jitter = u64::from(Uuid::new_v4().as_bytes()[0] % 2);
    match error {
        Error::Overloaded => Some(1 + jitter),
        Error::Paused { paused, .. } => Some(paused.wait.as_secs() + 1 + jitter),
        _ => None,
    }
}

/// A request that the HTTP library refuses, with this status.
fn rejected(status: StatusCode, detail: String) -> ApiError {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::new(Code::UnsupportedMediaType, detail),
        _ => ApiError::new(Code::InvalidRequest, detail),
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        rejected(rejection.status(), rejection.body_text())
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        rejected(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        rejected(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        rejected(rejection.status(), rejection.body_text())
    }
}

pub(crate) async fn no_such_route(uri: Uri) -> ApiError {
    let detail = format!("there is no {}; /openapi.json lists all routes", uri.path());
    ApiError::new(Code::NoSuchRoute, detail)
}

pub(crate) async fn no_such_method(method: Method, uri: Uri) -> ApiError {
    let detail = format!("{} does not support {method}; /openapi.json lists its methods", uri.path());
    ApiError::new(Code::NoSuchMethod, detail)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_an_error_of_its_own() {
        let names: HashSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.status().as_u16() >= 400, "{}", code.as_str());
            assert!(code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        }
    }
}
