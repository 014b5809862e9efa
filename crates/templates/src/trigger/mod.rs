//! Triggers: rules that start tasks from external events.

mod clock;
mod compiled;
mod condition;
mod expression;
mod model;
mod parse;
mod pattern;
mod wildcard;

pub use compiled::{CompiledTrigger, Mapped, MappedTask, SeenEvent};
pub use model::{Trigger, TriggeredTask};
pub use parse::{ParsedTrigger, parse_trigger, trigger_schema};
pub use pattern::Finding;
