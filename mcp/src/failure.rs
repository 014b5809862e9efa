//! Why a tool did not do what it was asked: an error of the tool, not of the protocol.

use serde_json::{Map, Value, json};

use crate::{
    api::{ApiResponse, ApiUnreachable},
    untrusted::cut,
};

/// The longest `detail`, in bytes.
const LONGEST_DETAIL: usize = 2_000;

/// An error with a stable code, and what to do.
#[derive(Debug, Clone)]
pub struct Failure {
    code: String,
    detail: String,
    /// Further fields beside `error`.
    more: Map<String, Value>,
    /// Further fields of `error`.
    fields: Map<String, Value>,
}

/// The codes of problems whose detail quotes a document.
const QUOTING: [&str; 5] =
    ["invalid_input", "invalid_result", "invalid_template", "invalid_trigger", "invalid_event"];

impl Failure {
    /// A failure with a stable code and what to do.
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into(), more: Map::new(), fields: Map::new() }
    }

    /// An argument is missing, unknown or wrong.
    pub fn invalid_arguments(detail: impl Into<String>) -> Self {
        Self::new("invalid_arguments", detail)
    }

    /// A response of the API with a status that is no success.
    pub(crate) fn of_response(response: &ApiResponse) -> Self {
        let problem: Map<String, Value> = serde_json::from_str(&response.body).unwrap_or_default();
        let text = |name: &str| problem.get(name).and_then(Value::as_str);
        let mut failure = match (text("code"), text("detail")) {
            (Some(code), detail) => Self::new(code, cut(detail.unwrap_or_default(), LONGEST_DETAIL)),
            _ => {
                let status = response.status;
                let detail = format!(
                    "the server answered with status {status} and no explanation; a proxy may stand before it"
                );
                Self::new("unexpected_response", detail)
            }
        };
        failure.fields.insert("status".into(), response.status.into());
        if let Some(task) = problem.get("task_id").filter(|task| task.is_string()) {
            failure.fields.insert("task_id".into(), task.clone());
        }
        // What does not fit a schema is quoted.
        let faults = problem.get("errors");
        if faults.is_some() || QUOTING.contains(&failure.code.as_str()) {
            let detail = std::mem::replace(&mut failure.detail, text("title").unwrap_or_default().to_owned());
            failure.fields.insert("untrusted".into(), json!({ "errors": faults, "detail": detail }));
        }
        failure
    }

    /// Whether repeating the request would give the same answer. Otherwise it may or may not have been done.
    pub(crate) fn is_final(&self) -> bool {
        let status = self.fields.get("status").and_then(Value::as_u64);
        status.is_some_and(|status| status < 500 && status != 429)
    }

    /// The same with further fields beside `error`.
    #[must_use]
    pub fn with(mut self, more: Map<String, Value>) -> Self {
        self.more = more;
        self
    }

    /// Whether the API said that something does not exist, or the like.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// `{"error": {"code", "detail", …}}`
    pub(crate) fn into_value(self) -> Value {
        let mut error = self.fields;
        error.insert("code".into(), self.code.into());
        error.insert("detail".into(), self.detail.into());
        let mut value = self.more;
        value.insert("error".into(), error.into());
        value.into()
    }
}

impl From<ApiUnreachable> for Failure {
    fn from(error: ApiUnreachable) -> Self {
        Self::new("unreachable", error.to_string())
    }
}
