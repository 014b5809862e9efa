//! How much was done, how fast and how well, beside the period before.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Analytics,
    histogram::Quantiles,
    period::{AnalyticsFilter, AnalyticsPeriod},
    totals::{StepTotals, TaskTotals, ratio},
};
use crate::error::Error;

/// The figures of a period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PerformanceFigures {
    /// The tasks that were created.
    pub total_tasks: i64,
    /// The tasks that completed.
    pub completed_tasks: i64,
    /// The tasks that ended in `error`.
    pub failed_tasks: i64,
    /// The tasks that were cancelled.
    pub cancelled_tasks: i64,
    /// The tasks that were resolved by hand.
    pub resolved_tasks: i64,
    /// How often a task was blocked by failures.
    pub blocked_tasks: i64,
    /// The part of the ended tasks that completed.
    pub completion_rate: f64,
    /// The part, of the tasks that ended or were blocked, that failed or were blocked.
    pub error_rate: f64,
    /// The average time from creation to completion, in seconds.
    pub average_task_duration_seconds: Option<f64>,
    /// The average time of an execution of a step, in seconds.
    pub average_step_duration_seconds: Option<f64>,
    /// The tasks that were created, for each hour of the period.
    pub tasks_per_hour: f64,
    /// The steps that succeeded, for each hour of the period.
    pub steps_per_hour: f64,
    /// The times of tasks from creation to completion, in seconds.
    pub task_duration: Option<Quantiles>,
    /// The times of executions of steps, in seconds.
    pub step_duration: Option<Quantiles>,
    /// The times of steps from enqueued to started, in seconds.
    pub step_wait: Option<Quantiles>,
    /// The attempts of steps that ended.
    pub step_attempts: i64,
    /// The attempts of steps that failed.
    pub step_failures: i64,
}

/// How the figures have changed, as a part of those before: 0.1 is 10 % more. None where there was nothing before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PerformanceChange {
    /// Of the tasks created in an hour.
    pub tasks_per_hour: Option<f64>,
    /// Of the steps that succeeded in an hour.
    pub steps_per_hour: Option<f64>,
    /// Of the part of tasks that failed or were blocked.
    pub error_rate: Option<f64>,
    /// Of the time that 95 of 100 tasks do not exceed.
    pub task_p95: Option<f64>,
    /// Of the time that 95 of 100 executions do not exceed.
    pub step_p95: Option<f64>,
}

/// How much was done in a period, how fast and how well.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Performance {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
    /// The beginning of the period.
    pub analysis_period_start: DateTime<Utc>,
    /// When this was calculated.
    pub calculated_at: DateTime<Utc>,
    /// The tasks that are open now, at most 100,000.
    pub active_tasks: i64,
    /// The score of the health, from 0 to 100.
    pub system_health_score: f64,
    /// The figures of the period.
    #[serde(flatten)]
    pub current: PerformanceFigures,
    /// The figures of the period of the same length before.
    pub previous: PerformanceFigures,
    /// How they have changed.
    pub change: PerformanceChange,
}

fn figures(tasks: &TaskTotals, steps: &StepTotals, period: AnalyticsPeriod) -> PerformanceFigures {
    PerformanceFigures {
        total_tasks: tasks.created,
        completed_tasks: tasks.completed,
        failed_tasks: tasks.failed,
        cancelled_tasks: tasks.cancelled,
        resolved_tasks: tasks.resolved,
        blocked_tasks: tasks.blocked,
        completion_rate: ratio(tasks.completed, tasks.ended()),
        error_rate: tasks.error_rate(),
        average_task_duration_seconds: tasks.average(),
        average_step_duration_seconds: steps.average(),
        tasks_per_hour: tasks.created as f64 / period.hours(),
        steps_per_hour: steps.succeeded as f64 / period.hours(),
        task_duration: tasks.duration.quantiles(),
        step_duration: steps.run.quantiles(),
        step_wait: steps.wait.quantiles(),
        step_attempts: steps.attempts(),
        step_failures: steps.failures(),
    }
}

fn change(now: Option<f64>, before: Option<f64>) -> Option<f64> {
    before.filter(|before| *before > 0.0).and_then(|before| Some(now? / before - 1.0))
}

impl Analytics {
    /// Returns how much was done in a period, how fast and how well.
    ///
    /// # Errors
    /// The database failed, or the period is invalid.
    pub async fn performance(&self, filter: &AnalyticsFilter) -> Result<Performance, Error> {
        let window = self.window(filter).await?;
        let current = self.figures(filter, window.period).await?;
        let previous = self.figures(filter, window.period.previous()).await?;
        let open = self.open_tasks(filter).await?;
        let health = self.health_in(filter, &window, &open).await?;
        let p95 = |quantiles: Option<Quantiles>| quantiles.map(|quantiles| quantiles.p95);
        let rate = |part: fn(&PerformanceFigures) -> f64| change(Some(part(&current)), Some(part(&previous)));
        Ok(Performance {
            as_of: window.as_of,
            lag_seconds: window.lag_seconds,
            period: window.period,
            analysis_period_start: window.period.from,
            calculated_at: window.now,
            active_tasks: open.values().map(|open| open.count).sum(),
            system_health_score: health.score,
            change: PerformanceChange {
                tasks_per_hour: rate(|figures| figures.tasks_per_hour),
                steps_per_hour: rate(|figures| figures.steps_per_hour),
                error_rate: rate(|figures| figures.error_rate),
                task_p95: change(p95(current.task_duration), p95(previous.task_duration)),
                step_p95: change(p95(current.step_duration), p95(previous.step_duration)),
            },
            current,
            previous,
        })
    }

    async fn figures(
        &self,
        filter: &AnalyticsFilter,
        period: AnalyticsPeriod,
    ) -> Result<PerformanceFigures, Error> {
        let (mut tasks, mut steps) = (TaskTotals::default(), StepTotals::default());
        for totals in self.tasks_of(filter, period).await?.values() {
            tasks.add(totals);
        }
        for totals in self.steps_of(filter, period).await?.values() {
            steps.add(totals);
        }
        Ok(figures(&tasks, &steps, period))
    }
}
