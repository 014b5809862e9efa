//! Where attempts are repeated, and what that brings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Analytics,
    period::AnalyticsFilter,
    table::table,
    tables::{Merged, merge_steps, sort},
    totals::ratio,
};
use crate::error::Error;

/// The retries of a step of a template, all versions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RetryStatistics {
    /// The namespace of the template.
    pub namespace: String,
    /// The name of the template.
    pub name: String,
    /// The step.
    pub step: String,
    /// The attempts that ended.
    pub attempts: i64,
    /// The retries that became due.
    pub retries: i64,
    /// Retries for each attempt.
    pub retry_rate: f64,
    /// The attempts that it took for each success.
    pub attempts_per_success: Option<f64>,
    /// How long retries waited until they were due, in seconds.
    pub waited_seconds: f64,
    /// The steps that the first attempt completed.
    pub succeeded_first: i64,
    /// The steps that the second attempt completed.
    pub succeeded_second: i64,
    /// The steps that a later attempt completed.
    pub succeeded_later: i64,
    /// The failures that no further attempt followed.
    pub given_up: i64,
}

table! {
    /// The steps with retries.
    RetryTable of RetryStatistics
}

impl Analytics {
    /// Returns the steps with retries in a period, those with most first.
    ///
    /// # Errors
    /// The database failed, or the period is invalid.
    pub async fn retries(&self, filter: &AnalyticsFilter) -> Result<RetryTable, Error> {
        let window = self.window(filter).await?;
        let steps = merge_steps(&self.steps_of(filter, window.period).await?);
        let mut rows: Vec<RetryStatistics> = steps
            .into_iter()
            .filter(|(_, Merged { totals, .. })| totals.retries > 0)
            .map(|((namespace, name, step), Merged { totals, .. })| RetryStatistics {
                namespace,
                name,
                step,
                attempts: totals.attempts(),
                retries: totals.retries,
                retry_rate: ratio(totals.retries, totals.attempts()),
                attempts_per_success: (totals.succeeded > 0)
                    .then(|| ratio(totals.attempts(), totals.succeeded)),
                waited_seconds: totals.backoff_seconds,
                succeeded_first: totals.succeeded - totals.succeeded_second - totals.succeeded_later,
                succeeded_second: totals.succeeded_second,
                succeeded_later: totals.succeeded_later,
                given_up: totals.given_up,
            })
            .collect();
        sort(&mut rows, filter.limit, |row| row.retries as f64);
        Ok(RetryTable::new(&window, rows))
    }
}
