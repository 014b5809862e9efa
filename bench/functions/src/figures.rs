//! Statistics of durations.

use std::time::Duration;

/// The median, in milliseconds.
pub(crate) fn median_ms(durations: &[Duration]) -> f64 {
    at(durations, 0.5)
}

/// The quantile for this share, in milliseconds.
pub(crate) fn at(durations: &[Duration], share: f64) -> f64 {
    let mut sorted = durations.to_vec();
    sorted.sort();
    let index = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(index.saturating_sub(1)).map_or(0.0, |duration| duration.as_secs_f64() * 1000.0)
}
