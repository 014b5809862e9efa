//! The status of a call out of the problem that the REST API returned.

use std::{collections::HashMap, time::Duration};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::from_json::parse_bytes;

/// The domain of the reasons in `google.rpc.ErrorInfo`, which are the codes of problems.
const DOMAIN: &str = "tasker";

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
    let Ok(problem) = parse_bytes::<Problem>(body) else {
        return Status::new(code(status, ""), String::from_utf8_lossy(body).into_owned());
    };
    let mut details = ErrorDetails::new();
    let about = [("request", problem.instance), ("task_id", problem.task_id)];
    let about: HashMap<String, String> =
        about.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    details.set_error_info(&problem.code, DOMAIN, about);
    for fault in problem.errors {
        details.add_bad_request_violation(fault.pointer, fault.detail);
    }
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    if let Some(seconds) = seconds {
        details.set_retry_info(Some(Duration::from_secs(seconds)));
    }
    Status::with_error_details(code(status, &problem.code), problem.detail, details)
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
