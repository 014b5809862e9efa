//! Operators' actions on tasks and steps.

#[expect(clippy::module_inception, reason = "the event and its folder have one name")]
mod operate;
mod statement;
mod upgrade;

pub use operate::{Cancellation, Completion, StepAction, TaskAction};
pub(crate) use statement::Statement;
