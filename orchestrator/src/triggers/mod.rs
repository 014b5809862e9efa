//! Triggers: incoming events start tasks.
//!
//! Every incoming event is matched against all published triggers. The tasks that it started, or the reason why it
//! started none, are recorded under its source and id; a repeated event gets the recorded result.

mod published;
mod receive;
mod received;
mod trial;

pub(crate) use published::TriggerCache;
pub use published::{TriggerSummary, Triggers};
pub use receive::{Reception, ReceptionState, StartedTask};
pub use received::{ReceivedEvent, ReceivedFilter};
pub use trial::{EventTrial, TriggerTrial};
