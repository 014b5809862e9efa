//! Why a call failed.

use std::{error::Error as StdError, time::Duration};

use uuid::Uuid;

use crate::{
    state::TaskState,
    types::{Fault, Problem},
};

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What began it all, such as a refused connection.
fn first_cause<'a>(mut error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    while let Some(cause) = error.source() {
        error = cause;
    }
    error
}

/// Why a call failed. [`Error::code`] tells the reasons apart and never changes; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Tasker refused the request. The problem says why.
    #[error("{}: {}", .0.code, .0.detail)]
    Api(Box<Problem>),
    /// There was no response, or it broke off. Whether the request had an effect is unknown.
    #[error("{call} got no response: is the server up? {}", first_cause(source.as_ref()))]
    Transport {
        /// The method and the address.
        call: String,
        /// The id of the request. None of several.
        request_id: Option<Uuid>,
        /// What broke.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A request was not answered in time. Whether it had an effect is unknown.
    #[error("{call} was not answered within {} s", .after.as_secs_f64())]
    TimedOut {
        /// The method and the address.
        call: String,
        /// The id of the request.
        request_id: Uuid,
        /// The time limit of the attempt.
        after: Duration,
    },
    /// The task was not at rest in time. It goes on.
    #[error("task {task_id} is {state} after {} s: wait longer, or look into it", .after.as_secs_f64())]
    WaitTimedOut {
        /// The task.
        task_id: Uuid,
        /// Its state at the end of the wait.
        state: TaskState,
        /// How long it was waited for.
        after: Duration,
    },
    /// The response is not one of Tasker's, for example a proxy's page.
    #[error("the response {status} to {call} is not Tasker's: is the URL right? {body}")]
    Unexpected {
        /// The method and the address.
        call: String,
        /// The id of the request.
        request_id: Uuid,
        /// The HTTP status.
        status: u16,
        /// The beginning of the body, at most 200 characters.
        body: String,
    },
    /// A document does not fit the type that it was asked for as.
    #[error("the document of {call} does not fit the type: {source}")]
    Decode {
        /// Where the document is from.
        call: String,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// What the caller gave cannot be sent: a URL, a name, a key, or an input without a JSON form. Nothing was sent.
    #[error("{0}")]
    Invalid(String),
}

impl Error {
    /// The reason, for programs: a code of the API (docs/api.md), or `connection_failed`, `timed_out`, `wait_timed_out`,
    /// `unexpected_response`, `undecodable`, `invalid_call`.
    pub fn code(&self) -> &str {
        match self {
            Self::Api(problem) => problem.code.as_str(),
            Self::Transport { .. } => "connection_failed",
            Self::TimedOut { .. } => "timed_out",
            Self::WaitTimedOut { .. } => "wait_timed_out",
            Self::Unexpected { .. } => "unexpected_response",
            Self::Decode { .. } => "undecodable",
            Self::Invalid(_) => "invalid_call",
        }
    }

    /// The HTTP status. None if there was no response.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api(problem) => problem.status.try_into().ok(),
            Self::Unexpected { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What the server's log and audit call the request: a UUID.
    pub fn request_id(&self) -> Option<String> {
        match self {
            Self::Api(problem) => problem.instance.as_deref()?.rsplit(':').next().map(str::to_owned),
            Self::Transport { request_id, .. } => request_id.map(|id| id.to_string()),
            Self::TimedOut { request_id, .. } | Self::Unexpected { request_id, .. } => {
                Some(request_id.to_string())
            }
            _ => None,
        }
    }

    /// The existing task, if the same request has already created one (`duplicate_task`).
    pub fn task_id(&self) -> Option<Uuid> {
        match self {
            Self::Api(problem) => problem.task_id,
            _ => None,
        }
    }

    /// Each fault of an input, with a JSON Pointer to its place. Empty if the input is not the reason.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Api(problem) => &problem.errors,
            _ => &[],
        }
    }
}
