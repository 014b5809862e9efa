//! The messages between the orchestrator and its runtime hosts: types and their JSON, nothing else.
//!
//! [`StepDispatch`] makes a host run one step; [`StepReport`] returns the outcome to the orchestrator. Where another process
//! calls webhooks, [`EventDelivery`] and [`EventDelivered`] do the same for an event.
//! Messages may be lost, repeated, delayed or reordered without harm: the state is in PostgreSQL, and every
//! report names its execution.
//!
//! Every message has a `version`. A reader rejects unknown versions and ignores unknown fields.

#![forbid(unsafe_code)]

mod dispatch;
mod event;
mod grants;
mod handler;
mod host_status;
mod limits;
mod next;
mod payload;
mod report;
mod wire;

pub use dispatch::{BatchSlice, DependencyResult, StepDispatch};
pub use event::{EventBody, EventDelivered, EventDelivery};
pub use grants::{
    BucketName, Destination, GrantFault, Grants, OriginHost, OriginPattern, Scheme, SecretName,
    granted_network, is_bucket_name,
};
pub use handler::HandlerReference;
pub use host_status::HostStatus;
pub use limits::Limits;
pub use next::NextStep;
pub use payload::{BlobReference, Payload, raw_json};
pub use report::{
    Ending, Execution, Failure, FailureOrigin, Heartbeat, LogLevel, LogLine, OrchestratorMessage,
    Predecessor, StepDue, StepEvent, StepReport, Usage,
};
pub use serde_json::value::RawValue;
pub use wire::{ClaimCheck, DecodeError, decode, encode};

/// The message version that this crate writes, and the only one that it reads.
pub const VERSION: u32 = 1;
