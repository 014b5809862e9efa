//! The background work of an orchestrator: loops, and visits for processes without loops.

mod creations;
mod hearing;
mod loops;
mod reports;

pub(crate) use creations::Creations;
pub use creations::PendingCreations;
pub(crate) use hearing::Hearing;
pub(crate) use loops::Loops;
pub(crate) use reports::Reports;
