//! The time of an invocation.

use std::time::{Duration, SystemTime};

/// Returns the remaining time of an invocation, from its deadline in milliseconds since 1970.
pub fn time_left(deadline_ms: u64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(deadline_ms).saturating_sub(now)
}
