//! Bulk operations: an action on many tasks. It is previewed, confirmed, and then worked through in the background, with the
//! functions that act on a single task.

mod action;
#[expect(clippy::module_inception, reason = "the operations and their folder have one name")]
mod bulk;
mod failure;
mod operation;
mod preview;
mod stored_filter;
mod work;

pub use action::{BulkAction, BulkArguments};
pub use bulk::Bulk;
pub use operation::{BulkFailure, BulkMatching, BulkOperation, BulkState};
pub use preview::BulkRequest;
