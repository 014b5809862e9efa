//! CloudEvents 1.0: strict parsing and validation of incoming events, and their JSON format.
//!
//! Hand-written, because the CloudEvents SDK accepts empty ids and upper-case extension names and does not
//! support batches.
#![forbid(unsafe_code)]

mod check;
mod data;
mod depth;
mod error;
mod event;

pub use data::EventData;
pub use depth::{MAX_DEPTH, is_too_deep};
pub use error::EventError;
pub use event::CloudEvent;
