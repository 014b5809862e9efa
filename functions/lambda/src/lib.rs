//! Shared code of the Lambda functions: batches of messages, and logs.
#![forbid(unsafe_code)]

mod batch;
mod logs;

pub use batch::Batch;
pub use logs::{log_failure, start_logs};

/// Why a function cannot start or return.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
