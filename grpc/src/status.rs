//! The status of a call, with its reason.

use std::{collections::HashMap, time::Duration};

use http::{HeaderMap, Response, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;
use tonic::{Code, Status, body::Body};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The domain of the reasons in `google.rpc.ErrorInfo`, which are the codes of problems.
const DOMAIN: &str = "tasker";
/// The maximum length of a message and of a fault, in characters, and of the list of faults. They are sent as headers, which
/// clients limit to 8 KiB.
const LONGEST_MESSAGE: usize = 1000;
const LONGEST_FAULT: usize = 200;
const MOST_FAULTS: usize = 8;

#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
    instance: Option<String>,
    task_id: Option<String>,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    pointer: String,
    detail: String,
}

/// Returns the status of a response that is not a success: with `ErrorInfo` (the problem's code), `BadRequest` (its faults)
/// and `RetryInfo` (`Retry-After`).
pub(crate) fn of_response(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Status {
    let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
        let text = String::from_utf8_lossy(body);
        return Status::new(code(status, ""), cut(&text, LONGEST_MESSAGE));
    };
    let about = [("request", problem.instance), ("task_id", problem.task_id)];
    let about: HashMap<String, String> =
        about.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let mut details = ErrorDetails::with_error_info(&problem.code, DOMAIN, about);
    for fault in problem.errors.iter().take(MOST_FAULTS) {
        details
            .add_bad_request_violation(cut(&fault.pointer, LONGEST_FAULT), cut(&fault.detail, LONGEST_FAULT));
    }
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    if let Some(seconds) = seconds {
        details.set_retry_info(Some(Duration::from_secs(seconds)));
    }
    let message = cut(&problem.detail, LONGEST_MESSAGE);
    Status::with_error_details(code(status, &problem.code), message, details)
}

/// Returns a status of this layer's own, with a problem's code as its reason.
pub(crate) fn of(code: Code, reason: &str, message: impl Into<String>) -> Status {
    let details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    Status::with_error_details(code, cut(&message.into(), LONGEST_MESSAGE), details)
}

/// A message that does not fit.
pub(crate) fn invalid(message: impl Into<String>) -> Status {
    of(Code::InvalidArgument, "invalid_request", message)
}

/// A message with more than so many bytes.
pub(crate) fn too_long(longest: usize) -> Status {
    let message = format!("the message has more than {longest} bytes");
    of(Code::ResourceExhausted, "payload_too_large", message)
}

/// The response to a call that is not let in at all.
#[must_use]
pub fn refused(reason: &str, message: &str) -> Response<Body> {
    of(Code::PermissionDenied, reason, message).into_http()
}

/// A call for which there is no room now.
#[must_use]
pub fn unavailable(message: &str) -> Response<Body> {
    of(Code::Unavailable, "overloaded", message).into_http()
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn code(status: StatusCode, problem: &str) -> Code {
    match (status.as_u16(), problem) {
        (409, "duplicate_task" | "version_taken") => Code::AlreadyExists,
        (409, _) => Code::FailedPrecondition,
        (401, _) => Code::Unauthenticated,
        (403 | 421, _) => Code::PermissionDenied,
        (404, _) => Code::NotFound,
        (405, _) => Code::Unimplemented,
        (408 | 504, _) => Code::DeadlineExceeded,
        (412, _) => Code::Aborted,
        (413 | 429, _) => Code::ResourceExhausted,
        (502 | 503, _) => Code::Unavailable,
        (400..=499, _) => Code::InvalidArgument,
        _ => Code::Internal,
    }
}
