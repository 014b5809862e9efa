//! Error responses: a status, a stable code, and a message for people.

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::Error;
use utoipa::ToSchema;
use uuid::Uuid;

/// The body of an error response.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// An error.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// A stable code for programs.
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// The existing task, if the same request has already created one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Uuid>,
}

/// An error to be returned as a response.
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    task_id: Option<Uuid>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, code, message, task_id: None }
    }

    pub(crate) fn too_large() -> Self {
        let message = "the request's body is too large: 8 MiB are allowed, 4 MiB on Lambda; store large data where the \
                       handlers can read it, and pass a reference";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message.to_owned())
    }

    pub(crate) fn duplicate(task: Uuid) -> Self {
        Self {
            task_id: Some(task),
            ..Self::new(
                StatusCode::CONFLICT,
                "duplicate_task",
                format!("the same request has already created task {task}"),
            )
        }
    }
}

impl ApiError {
    /// A request with the idempotency key of another one.
    pub(crate) fn key_reused(task: Uuid) -> Self {
        let message = format!(
            "task {task} was created with this idempotency key and another input; use another key, or the same input"
        );
        Self { task_id: Some(task), ..Self::new(StatusCode::CONFLICT, "idempotency_key_reused", message) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let detail = ErrorDetail { code: self.code.to_owned(), message: self.message, task_id: self.task_id };
        (self.status, Json(ErrorBody { error: detail })).into_response()
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::NoSuchTemplate { .. } => (StatusCode::NOT_FOUND, "no_such_template"),
            Error::NoSuchTask(_) => (StatusCode::NOT_FOUND, "no_such_task"),
            Error::NoSuchStep(_) => (StatusCode::NOT_FOUND, "no_such_step"),
            Error::NoSuchHandler { .. } => (StatusCode::NOT_FOUND, "no_such_handler"),
            Error::NoSuchSubscription(_) => (StatusCode::NOT_FOUND, "no_such_subscription"),
            Error::NoSuchDlqEntry(_) => (StatusCode::NOT_FOUND, "no_such_dlq_entry"),
            Error::NoSuchTrigger { .. } => (StatusCode::NOT_FOUND, "no_such_trigger"),
            Error::NoSuchReceivedEvent(_) => (StatusCode::NOT_FOUND, "no_such_event"),
            Error::InvalidTrigger { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_trigger"),
            Error::Refused(_) => (StatusCode::CONFLICT, "not_possible"),
            Error::InvalidResult(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_result"),
            Error::VersionTaken { .. } => (StatusCode::CONFLICT, "version_taken"),
            Error::Template(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_template"),
            Error::UnknownHandlers { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "unknown_handler"),
            Error::InvalidInput { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_input"),
            Error::InvalidRequest { .. } => (StatusCode::BAD_REQUEST, "invalid_request"),
            Error::Database(_)
            | Error::DatabaseSilent { .. }
            | Error::FunctionsMissing
            | Error::DatabaseInUse
            | Error::Stopping
            | Error::Queue(_)
            | Error::Blob(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Error::Migration(_) | Error::ForeignSchema(_) | Error::Damaged(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
        };
        if status.is_server_error() {
            tracing::error!(%error, "a request failed");
        }
        Self::new(status, code, error.to_string())
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::too_large();
        }
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
    }
}

pub(crate) async fn no_such_route(uri: Uri) -> ApiError {
    let message = format!("there is no {}; /openapi.json lists all routes", uri.path());
    ApiError::new(StatusCode::NOT_FOUND, "no_such_route", message)
}

pub(crate) async fn no_such_method(method: Method, uri: Uri) -> ApiError {
    let message = format!("{} does not support {method}; /openapi.json lists its methods", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "no_such_method", message)
}
