//! What an orchestrator does by itself: its loops, and its visits where it has none.

mod creations;
mod hearing;
mod loops;
mod reports;

pub(crate) use creations::Creations;
pub use creations::PendingCreations;
pub(crate) use hearing::Hearing;
pub(crate) use loops::Loops;
pub(crate) use reports::Reports;
