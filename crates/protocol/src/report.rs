//! The message that tells the orchestrator how an attempt goes or went.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::Payload;

/// Everything that arrives on the orchestrator's queue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrchestratorMessage {
    /// A host reports on an attempt.
    Report(StepReport),
    /// A timer of the orchestrator's own ran out: a step waiting for its retry is due.
    Due(StepDue),
}

/// A step whose retry is due. Sent with a delay; the sweep finds the step if the message is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepDue {
    /// Version of this message, [`crate::VERSION`].
    pub version: u32,
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The step within its task, counting from 0.
    pub step_index: u32,
    /// The execution that failed.
    pub execution: u32,
}

/// Host to orchestrator: what happened to an execution. Only its first ending counts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepReport {
    /// Version of this message, [`crate::VERSION`].
    pub version: u32,
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The step within its task, counting from 0.
    pub step_index: u32,
    /// The execution that this is about.
    pub execution: u32,
    /// The release of the template that the task was created from. A host only echoes it.
    pub release_id: Uuid,
    /// The step of its template, counting from 0. A host only echoes it.
    #[serde(rename = "definition")] // what 0.1.0 calls it: hosts and orchestrators upgrade in any order
    pub template_step: u32,
    /// Which host ran it, for people.
    pub host: String,
    /// What happened.
    pub event: StepEvent,
}

/// What a report tells.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepEvent {
    /// The attempt is running. Sent only once an attempt has run for a while, so that short ones cost nothing.
    Heartbeat(Heartbeat),
    /// The attempt ended.
    Finished(Box<Execution>),
}

/// A sign of life.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// When the run started.
    pub started_at: DateTime<Utc>,
    /// If nothing is heard for this long, in milliseconds, the attempt is lost.
    pub lease_ms: u64,
    /// The handler's own word on its progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
}

/// One run, from its sandbox's creation to its end.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Execution {
    /// When the sandbox was made.
    pub started_at: DateTime<Utc>,
    /// When the handler had answered or was ended.
    pub finished_at: DateTime<Utc>,
    /// How it ended.
    pub ending: Ending,
    /// What it used.
    #[serde(default)]
    pub usage: Usage,
    /// What it logged, up to the limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogLine>,
}

/// How a run ended.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Done, with this result.
    Complete(Payload),
    /// A decision: done, and these steps follow.
    Branch {
        /// Names of template steps.
        steps: Vec<String>,
        /// The decision's own result.
        result: Payload,
    },
    /// A batchable step: done, and a worker for each of these cursors follows.
    Batch {
        /// One cursor per worker.
        cursors: Vec<Box<RawValue>>,
        /// The step's own result.
        result: Payload,
    },
    /// Save this and run the attempt again from it.
    Checkpoint(Payload),
    /// It failed.
    Failed(Failure),
}

/// Why a run failed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// A short stable name: the handler's own, or one of the host's such as `MemoryLimitExceeded`.
    pub error_type: String,
    /// What happened and, where the host says it, what to do.
    pub message: String,
    /// Whether another attempt could succeed.
    pub retryable: bool,
    /// Wait at least this long before the next attempt, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Anything more that the handler told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<RawValue>>,
    /// Who found the fault.
    pub origin: FailureOrigin,
}

impl Failure {
    /// A failure that Tasker found, and not the handler.
    pub fn of_host(error_type: &str, message: String, retryable: bool) -> Self {
        Self {
            error_type: error_type.to_owned(),
            message,
            retryable,
            retry_after_ms: None,
            details: None,
            origin: FailureOrigin::Host,
        }
    }
}

/// Who found the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureOrigin {
    /// The handler answered with a failure.
    Handler,
    /// The handler crashed: a trap, a panic, an answer that is no answer.
    Crash,
    /// The handler passed one of its limits.
    Limit,
    /// The host could not run it: no such component, no such handler, an import that is not granted.
    Host,
}

/// What a run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// Time spent in the sandbox, waiting included, in microseconds.
    pub wall_us: u64,
    /// Time spent computing, in microseconds.
    pub cpu_us: u64,
    /// The largest sum of all linear memories, in bytes.
    pub peak_memory_bytes: u64,
    /// Log bytes dropped because the limit was reached.
    pub dropped_log_bytes: u64,
}

/// One line that a handler logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When.
    pub at: DateTime<Utc>,
    /// How serious. Standard output is `info`, standard error `warn`.
    pub level: LogLevel,
    /// Where in the handler, or `stdout`, `stderr`.
    pub target: String,
    /// The text, control characters removed.
    pub message: String,
}

/// The levels of `wasi:logging`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Every detail.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
    /// Nothing works any more.
    Critical,
}
