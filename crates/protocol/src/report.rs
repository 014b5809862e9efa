//! The message that reports the progress or the end of an attempt to the orchestrator.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{EventDelivered, HostStatus, Payload};

/// A message on the orchestrator's queue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrchestratorMessage {
    /// A report from a host.
    Report(StepReport),
    /// A retry timer of the orchestrator: a waiting step is due.
    Due(StepDue),
    /// The outcome of a delivery of an event.
    Delivered(EventDelivered),
    /// The presence of a host.
    Host(HostStatus),
}

/// A step whose retry is due, sent with a delay. If the message is lost, the sweep finds the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepDue {
    /// The message version, [`crate::VERSION`].
    pub version: u32,
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The index of the step within its task, from 0.
    pub step_index: u32,
    /// The execution that failed.
    pub execution: u32,
}

/// Host to orchestrator: the progress or end of an execution. Only the first end counts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepReport {
    /// The message version, [`crate::VERSION`].
    pub version: u32,
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The index of the step within its task, from 0.
    pub step_index: u32,
    /// The execution that is reported on.
    pub execution: u32,
    /// The template release that the task was created from, copied from the dispatch.
    pub release_id: Uuid,
    /// The index of the step in that release, from 0, copied from the dispatch.
    #[serde(rename = "definition")] // The name in 0.1.0: hosts and orchestrators upgrade in any order.
    pub template_step: u32,
    /// The name of the host. Informational.
    pub host: String,
    /// Whether the host goes on with the next step of the dispatch, so that it needs no message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continues: bool,
    /// The execution from which the host went on to this one. Its report may arrive later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Predecessor>,
    /// What happened.
    pub event: StepEvent,
}

/// The execution before a continued one, on the same host and with the same number. The continued one counts only if this one
/// did: another end of the same execution may have another result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Predecessor {
    /// The index of the step within its task, from 0.
    pub step_index: u32,
    /// When it ended, as in its report.
    pub finished_at: DateTime<Utc>,
}

/// The event in a report.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepEvent {
    /// The attempt is still running. Sent only after it has run for a while, so that short steps cost no
    /// message.
    Heartbeat(Heartbeat),
    /// The attempt ended.
    Finished(Box<Execution>),
}

/// A heartbeat of a running attempt.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// When the run started.
    pub started_at: DateTime<Utc>,
    /// How long without another heartbeat until the attempt counts as lost, in milliseconds.
    pub lease_ms: u64,
    /// The progress text that the handler set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
}

/// One run, from the creation of its sandbox to its end.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Execution {
    /// When the sandbox was created.
    pub started_at: DateTime<Utc>,
    /// When the handler returned or was stopped.
    pub finished_at: DateTime<Utc>,
    /// How it ended.
    pub ending: Ending,
    /// The resources that it used.
    #[serde(default)]
    pub usage: Usage,
    /// The log lines that it wrote, up to the limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogLine>,
}

/// How a run ended.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Completed with this result.
    Complete(Payload),
    /// A decision step completed and selected the steps to run next.
    Branch {
        /// Names of steps in the template.
        steps: Vec<String>,
        /// The result of the decision step.
        result: Payload,
    },
    /// A batchable step completed and split its work into cursors, one per worker.
    Batch {
        /// The cursors, any JSON.
        cursors: Vec<Box<RawValue>>,
        /// The result of the batchable step.
        result: Payload,
    },
    /// Save this value and run the attempt again from it.
    Checkpoint(Payload),
    /// The run failed.
    Failed(Failure),
}

/// Why a run failed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// A short stable name, from the handler or from the host, such as `MemoryLimitExceeded`.
    pub error_type: String,
    /// What happened and, for errors of the host, what to do.
    pub message: String,
    /// Whether another attempt may succeed.
    pub retryable: bool,
    /// The minimum wait before the next attempt, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Additional details from the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<RawValue>>,
    /// Where the failure was detected.
    pub origin: FailureOrigin,
}

impl Failure {
    /// A failure that the host detected.
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

/// Where a failure was detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureOrigin {
    /// The handler returned a failure.
    Handler,
    /// The handler crashed: a trap, a panic or an invalid return value.
    Crash,
    /// The handler exceeded a limit.
    Limit,
    /// The host could not run it: a missing component or handler, or an import that is not granted.
    Host,
}

/// Resources that a run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// Elapsed time in the sandbox, waiting included, in microseconds.
    pub wall_us: u64,
    /// Computing time, in microseconds.
    pub cpu_us: u64,
    /// The peak sum of all linear memories and of what the host held for the handler, in bytes.
    pub peak_memory_bytes: u64,
    /// Log bytes that were dropped because of the limit.
    pub dropped_log_bytes: u64,
}

/// One line that a handler logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The severity. Standard output is logged as `info`, standard error as `warn`.
    pub level: LogLevel,
    /// The context that the handler gave, or `stdout` or `stderr`.
    pub target: String,
    /// The text, without control characters.
    pub message: String,
}

/// The levels of `wasi:logging`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Every detail.
    Trace,
    /// For debugging.
    Debug,
    /// Normal operation.
    Info,
    /// A problem that did not stop the work.
    Warn,
    /// A failure.
    Error,
    /// A failure that makes further work impossible.
    Critical,
}
