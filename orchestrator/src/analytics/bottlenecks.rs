//! What takes the time: slow steps, slow tasks, what is in use, and what to do about it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tasker_protocol::Limits;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Analytics,
    period::{AnalyticsFilter, AnalyticsPeriod},
    recommendations::{OfStep, OfSystem, Recommendation, of_step, of_system, of_versions},
    resources::ResourceUtilization,
    tables::{
        SortBy, StepStatistics, StepsByName, TaskStatistics, merge_steps, merge_tasks, sort, step_key,
        step_rows, task_key, task_rows,
    },
};
use crate::error::Error;

/// What takes the time in a period.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Bottlenecks {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
    /// The steps with the longest times, by p95.
    pub slow_steps: Vec<StepStatistics>,
    /// The templates with the longest times, by p95.
    pub slow_tasks: Vec<TaskStatistics>,
    /// What is open, and what is in use.
    pub resource_utilization: ResourceUtilization,
    /// What to do about it, the most urgent first.
    pub recommendations: Vec<Recommendation>,
}

impl Analytics {
    /// Returns what takes the time in a period. Steps and templates with fewer executions or tasks than `least` are left out.
    ///
    /// # Errors
    /// The database failed, or the period is invalid.
    pub async fn bottlenecks(&self, filter: &AnalyticsFilter, least: i64) -> Result<Bottlenecks, Error> {
        let window = self.window(filter).await?;
        let by_version = self.steps_of(filter, window.period).await?;
        let before = merge_steps(&self.steps_of(filter, window.period.previous()).await?);
        let steps = merge_steps(&by_version);
        let tasks = merge_tasks(&self.tasks_of(filter, window.period).await?);
        let resources = self.resources(filter).await?;
        let limits = self.limits(&steps).await?;

        let mut slow_steps = step_rows(&steps, &tasks);
        slow_steps.retain(|row| row.execution_count >= least.max(1));
        let mut recommendations = Vec::new();
        for row in &slow_steps {
            let key = (row.namespace.clone(), row.name.clone(), row.step.clone());
            let totals = &steps[&key].totals;
            let limits = totals.place.and_then(|place| limits.get(&place));
            let before = before.get(&key).map(|merged| &merged.totals);
            recommendations.extend(of_step(&OfStep { row, totals, limits, before }));
        }
        recommendations.extend(of_versions(&by_version, least));
        let mut slow_tasks = task_rows(&tasks, &steps);
        recommendations.extend(of_system(&OfSystem { resources: &resources, tasks: &slow_tasks }));
        recommendations.sort_by(|left, right| {
            right.severity.cmp(&left.severity).then(right.weight().total_cmp(&left.weight()))
        });
        recommendations.truncate(filter.limit as usize);

        slow_tasks.retain(|row| row.completed >= least.max(1));
        sort(&mut slow_steps, filter.limit, |row| step_key(row, SortBy::P95));
        sort(&mut slow_tasks, filter.limit, |row| task_key(row, SortBy::P95));
        Ok(Bottlenecks {
            as_of: window.as_of,
            lag_seconds: window.lag_seconds,
            period: window.period,
            slow_steps,
            slow_tasks,
            resource_utilization: resources,
            recommendations,
        })
    }

    /// The limits of steps, of the latest release that ran each.
    async fn limits(&self, steps: &StepsByName) -> Result<BTreeMap<(Uuid, usize), Limits>, Error> {
        let places = || steps.values().filter_map(|step| step.totals.place);
        let releases = self.catalog.releases(places().map(|(release, _)| release)).await?;
        let limits = |(release, step): (Uuid, usize)| {
            Some(((release, step), releases.get(&release)?.steps.get(step)?.limits))
        };
        Ok(places().filter_map(limits).collect())
    }
}
