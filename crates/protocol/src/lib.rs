//! The messages between the orchestrator and its runtime hosts: types, their JSON, and nothing else.
//!
//! [`StepDispatch`] asks a host to run one step; [`StepReport`] tells the orchestrator how that went. A message
//! is only a wake-up: it may be lost, repeated, delayed or reordered, and both sides stay correct, because the
//! truth is in PostgreSQL and every report names the attempt that it is about.
//!
//! The JSON carries `version`; a reader refuses a version it does not know, and ignores fields it does not know.

#![forbid(unsafe_code)]

mod dispatch;
mod grants;
mod limits;
mod payload;
mod report;
mod wire;

pub use dispatch::{BatchSlice, DependencyResult, HandlerReference, StepDispatch};
pub use grants::{
    BucketName, Destination, GrantFault, Grants, OriginHost, OriginPattern, Scheme, SecretName,
    granted_network, is_bucket_name,
};
pub use limits::Limits;
pub use payload::{BlobReference, Payload, raw_json};
pub use report::{
    Ending, Execution, Failure, FailureOrigin, Heartbeat, LogLevel, LogLine, OrchestratorMessage, StepDue,
    StepEvent, StepReport, Usage,
};
pub use serde_json::value::RawValue;
pub use wire::{ClaimCheck, DecodeError, decode, encode};

/// The version that this crate writes, and the only one that it reads.
pub const VERSION: u32 = 1;
