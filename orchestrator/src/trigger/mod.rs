//! Triggers: events from outside start tasks.
//!
//! A trigger is published beside templates. An event that comes is held against all of them; what it starts, or why it
//! starts nothing, is recorded under its source and id, and whatever comes again is answered from there.

mod catalog;
mod receive;
mod received;

pub(crate) use catalog::TriggerCache;
pub use catalog::TriggerSummary;
pub use receive::{Reception, ReceptionState, StartedTask};
pub use received::{ReceivedEvent, ReceivedFilter};
