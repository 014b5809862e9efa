//! CloudEvents 1.0: what an event from outside must look like before anything is made of it, and its JSON.
//!
//! Our own code instead of the CloudEvents SDK: the SDK accepts empty ids and extension names in capitals, and has no
//! batches.
#![forbid(unsafe_code)]

mod check;
mod data;
mod error;
mod event;

pub use data::EventData;
pub use error::EventError;
pub use event::CloudEvent;
