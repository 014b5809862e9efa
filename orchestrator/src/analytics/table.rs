//! A table of an analysis.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::period::{AnalyticsPeriod, Window};

/// The rows of an analysis.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AnalyticsTable<T> {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
    /// The rows.
    pub items: Vec<T>,
}

impl Window {
    pub(super) fn table<T>(&self, items: Vec<T>) -> AnalyticsTable<T> {
        AnalyticsTable { as_of: self.as_of, lag_seconds: self.lag_seconds, period: self.period, items }
    }
}
