//! What executions used, and what that costs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Analytics, AnalyticsSettings,
    period::{AnalyticsFilter, AnalyticsPeriod},
    tables::{merge_steps, sort},
    totals::StepTotals,
};
use crate::error::Error;

/// What the executions of a step used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostItem {
    /// The namespace of the template.
    pub namespace: String,
    /// The name of the template.
    pub name: String,
    /// The step.
    pub step: String,
    /// The executions that ended, those with a checkpoint included.
    pub executions: i64,
    /// Their time in the sandbox, waiting included, in seconds.
    pub run_seconds: f64,
    /// Their computing time, in seconds.
    pub cpu_seconds: f64,
    /// Their peak memory times their time, in GiB times seconds.
    pub gib_seconds: f64,
    /// What that costs at the configured prices. None: there are none.
    pub estimate: Option<f64>,
}

/// What executions used, and what that costs at the configured prices.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Costs {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
    /// The executions of all steps that ended.
    pub executions: i64,
    /// Their time in the sandbox, in seconds.
    pub run_seconds: f64,
    /// Their computing time, in seconds.
    pub cpu_seconds: f64,
    /// Their peak memory times their time, in GiB times seconds.
    pub gib_seconds: f64,
    /// What that costs at the configured prices. None: there are none.
    pub estimate: Option<f64>,
    /// The steps, those with the most computing time first.
    pub items: Vec<CostItem>,
}

impl AnalyticsSettings {
    fn estimate(&self, totals: &StepTotals) -> Option<f64> {
        let price = totals.gib_seconds * self.gib_second_price
            + executions(totals) as f64 / 1e6 * self.million_executions_price;
        (self.gib_second_price > 0.0 || self.million_executions_price > 0.0).then_some(price)
    }
}

fn executions(totals: &StepTotals) -> i64 {
    totals.attempts() + totals.checkpoints
}

impl Analytics {
    /// Returns what executions used in a period.
    ///
    /// # Errors
    /// The database failed, or the period is invalid.
    pub async fn costs(&self, filter: &AnalyticsFilter) -> Result<Costs, Error> {
        let window = self.window(filter).await?;
        let steps = merge_steps(&self.steps_of(filter, window.period).await?);
        let mut all = StepTotals::default();
        for step in steps.values() {
            all.add(&step.totals);
        }
        let mut items: Vec<CostItem> = steps
            .into_iter()
            .map(|((namespace, name, step), merged)| CostItem {
                namespace,
                name,
                step,
                executions: executions(&merged.totals),
                run_seconds: merged.totals.run_seconds,
                cpu_seconds: merged.totals.cpu_seconds,
                gib_seconds: merged.totals.gib_seconds,
                estimate: self.settings.estimate(&merged.totals),
            })
            .collect();
        sort(&mut items, filter.limit, |item| item.cpu_seconds);
        Ok(Costs {
            as_of: window.as_of,
            lag_seconds: window.lag_seconds,
            period: window.period,
            executions: executions(&all),
            run_seconds: all.run_seconds,
            cpu_seconds: all.cpu_seconds,
            gib_seconds: all.gib_seconds,
            estimate: self.settings.estimate(&all),
            items,
        })
    }
}
