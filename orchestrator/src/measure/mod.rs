//! What an orchestrator measures: events as it applies them, and what the database holds.

mod actions;
mod creations;
mod error_types;
mod executions;
mod names;
mod observed;
mod observer;
mod tasks;
mod traces;

pub(crate) use actions::Target;
pub(crate) use creations::{creation, creations, refused_at_once};
pub(crate) use executions::{Ends, Way};
pub(crate) use names::Names;
pub(crate) use observer::Observer;
