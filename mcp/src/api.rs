//! The way to Tasker's REST API, as this crate sees it.

use async_trait::async_trait;
use http::Method;
use thiserror::Error;

/// A request to the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiRequest {
    /// The method.
    pub method: Method,
    /// The path with its query, percent-encoded: `/v1/tasks?limit=20`.
    pub path: String,
    /// The body. None: no body.
    pub body: Option<String>,
    /// The media type of the body. None without one.
    pub content_type: Option<&'static str>,
    /// The value of the header `Idempotency-Key`, in visible ASCII. None: without that header.
    pub idempotency_key: Option<String>,
}

impl ApiRequest {
    /// A `GET` of `path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A request without a body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, content_type: None, idempotency_key: None }
    }

    /// The same with a body in JSON.
    #[must_use]
    pub fn with_json(self, body: &serde_json::Value) -> Self {
        self.with_body("application/json", body.to_string())
    }

    /// The same with a body of the given media type.
    #[must_use]
    pub fn with_body(mut self, content_type: &'static str, body: String) -> Self {
        self.content_type = Some(content_type);
        self.body = Some(body);
        self
    }
}

/// A response of the API, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiResponse {
    /// The status, such as 200.
    pub status: u16,
    /// The body: JSON, or a problem (RFC 9457). May be empty.
    pub body: String,
}

/// The API did not answer: no connection, or none within the time.
#[derive(Debug, Error)]
#[error("the Tasker server does not answer: {0}")]
pub struct ApiUnreachable(
    /// What failed, where, and what to do.
    pub String,
);

/// Sends requests to the API with the credentials of one caller.
#[async_trait]
pub trait Api: Send + Sync {
    /// Sends a request and returns the response, also one that is an error. A request may take 60 seconds (`task_wait`).
    ///
    /// # Errors
    /// [`ApiUnreachable`]: there was no response.
    async fn call(&self, request: ApiRequest) -> Result<ApiResponse, ApiUnreachable>;
}
