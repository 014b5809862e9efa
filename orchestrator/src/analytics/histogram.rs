//! Times by how often they occurred, and their quantiles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much longer the times of a cell are than those of the cell before: see `tasker_f.cell`.
const GROWTH: f64 = 1.1;
/// Where the first cell begins, in seconds.
const FIRST: f64 = 10e-6;

/// Times of which half, 95 of 100 and 99 of 100 are not longer, in seconds, within 5 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quantiles {
    /// The median.
    pub p50: f64,
    /// 95 of 100 are not longer.
    pub p95: f64,
    /// 99 of 100 are not longer.
    pub p99: f64,
}

/// How many times fell in each cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Histogram(BTreeMap<i16, i64>);

impl Histogram {
    pub(super) fn add(&mut self, cells: &[i16], counts: &[i64]) {
        for (cell, count) in cells.iter().zip(counts) {
            *self.0.entry(*cell).or_default() += count;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (cell, count) in &other.0 {
            *self.0.entry(*cell).or_default() += count;
        }
    }

    /// Returns the time, in seconds, that this part of the times does not exceed.
    pub(super) fn quantile(&self, part: f64) -> Option<f64> {
        let all: i64 = self.0.values().sum();
        let rank = ((part * all as f64).ceil() as i64).max(1);
        let mut seen = 0;
        let cell = self.0.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        })?;
        // The middle of the cell, by ratio.
        Some(FIRST * GROWTH.powf(f64::from(*cell.0) + 0.5))
    }

    pub(super) fn quantiles(&self) -> Option<Quantiles> {
        Some(Quantiles { p50: self.quantile(0.5)?, p95: self.quantile(0.95)?, p99: self.quantile(0.99)? })
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    /// As `tasker_f.cell`; a test of the database compares the two.
    fn cell(us: f64) -> i16 {
        ((us.max(10.0) / 10.0).ln() / GROWTH.ln()).floor() as i16
    }

    #[test]
    fn quantiles_are_within_five_percent() {
        let mut random = Rng::with_seed(1);
        for most in [1, 2, 10, 1000, 20_000] {
            let mut times: Vec<f64> = (0..most).map(|_| (3.0 + 12.0 * random.f64()).exp()).collect();
            let mut histogram = Histogram::default();
            for time in &times {
                histogram.add(&[cell(*time)], &[1]);
            }
            times.sort_by(f64::total_cmp);
            let quantiles = histogram.quantiles().unwrap();
            for (part, found) in [(0.5, quantiles.p50), (0.95, quantiles.p95), (0.99, quantiles.p99)] {
                let rank = ((part * times.len() as f64).ceil() as usize).max(1);
                let exact = times[rank - 1] / 1e6;
                assert!((found / exact - 1.0).abs() < 0.05, "{part} of {most}: {found} is not {exact}");
            }
        }
    }

    #[test]
    fn nothing_has_no_quantiles() {
        assert_eq!(Histogram::default().quantiles(), None);
    }
}
