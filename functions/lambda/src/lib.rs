//! What every function needs of Lambda: batches of messages, and logs.
#![forbid(unsafe_code)]

mod batch;
mod logs;

pub use batch::Batch;
pub use logs::start_logs;

/// Any reason for which a function does not start or return.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
