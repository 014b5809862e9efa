//! Applies hosts' reports.

mod apply;
mod continued;
mod ended;
mod follow;
mod heartbeat;
mod judge;

pub use apply::Applied;
pub(crate) use ended::Ended;
pub(crate) use judge::{AcceptedEnding, check_result, judge};
