//! Triggers: events from outside start tasks.
//!
//! Triggers are published beside templates. Every event that arrives is matched with all of them. Which tasks it started,
//! or why none, is recorded under its source and id; a repeated event gets the recorded result.

mod published;
mod receive;
mod received;

pub(crate) use published::TriggerCache;
pub use published::{TriggerSummary, Triggers};
pub use receive::{Reception, ReceptionState, StartedTask};
pub use received::{ReceivedEvent, ReceivedFilter};
