//! Shared code of the Lambda functions: batches of messages, the time of an invocation, logs, metrics and traces.
#![forbid(unsafe_code)]

mod batch;
mod logs;
mod telemetry;
mod time;

pub use batch::Batch;
pub use logs::{log_failure, start_logs};
pub use telemetry::Telemetry;
pub use time::time_left;

/// Why a function cannot start or return.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
