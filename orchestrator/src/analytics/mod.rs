//! Analytics: what happened, counted from the audit into buckets of a minute, an hour and a day, and what follows from it.

mod bottlenecks;
mod costs;
mod errors;
mod fold;
mod health;
mod histogram;
mod performance;
mod period;
mod recommendations;
mod resources;
mod retries;
mod table;
mod tables;
mod throughput;
mod totals;

use std::sync::Arc;

use tasker_pool::Pool;

use crate::{catalog::Catalog, queues::Queues};

pub use bottlenecks::Bottlenecks;
pub use costs::{CostItem, Costs};
pub use errors::{ErrorStatistics, ErrorTable};
pub use fold::{Folded, forget, recount};
pub use health::{AnalyticsHealth, HealthPart};
pub use histogram::Quantiles;
pub use performance::{Performance, PerformanceChange, PerformanceFigures};
pub(crate) use period::counted;
pub use period::{AnalyticsFilter, AnalyticsPeriod};
pub use recommendations::{Recommendation, Severity};
pub use resources::ResourceUtilization;
pub use retries::{RetryStatistics, RetryTable};
pub use tables::{SortBy, StepStatistics, StepTable, TaskStatistics, TaskTable};
pub use throughput::{Throughput, ThroughputInterval, ThroughputPoint, ThroughputSeries};

/// The settings of analytics.
#[derive(Debug, Clone, Copy)]
pub struct AnalyticsSettings {
    /// Whether this process counts. What is counted can be read in any case.
    pub enabled: bool,
    /// The price of a GiB of memory for a second, in any currency. 0: no estimate.
    pub gib_second_price: f64,
    /// The price of a million executions.
    pub million_executions_price: f64,
}

impl Default for AnalyticsSettings {
    fn default() -> Self {
        Self { enabled: true, gib_second_price: 0.0, million_executions_price: 0.0 }
    }
}

/// Counts what happens, and answers from the counts. Nothing that reads it reads tasks or the audit, except those that are open.
pub struct Analytics {
    pub(crate) pool: Pool,
    pub(crate) queries: Pool,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) queues: Arc<Queues>,
    pub(crate) settings: AnalyticsSettings,
}
