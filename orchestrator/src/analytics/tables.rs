//! Steps and tasks in tables: counts, rates, times, what was last seen.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Analytics,
    histogram::Quantiles,
    period::{AnalyticsFilter, Window},
    table::table,
    totals::{StepTotals, TaskTotals, TemplateVersion, ratio},
};
use crate::error::Error;

/// What tables of steps and tasks are sorted by, the largest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// The time that 95 of 100 do not exceed.
    #[default]
    P95,
    /// The average time.
    Mean,
    /// The number of failures.
    Failures,
    /// The number of retries. Of tasks: of blocked ones.
    Retries,
    /// The computing time. Of tasks: the time of all together.
    Cpu,
    /// The average wait for a host. Of tasks: the longest time.
    Wait,
}

/// The executions of a step of a template, all versions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StepStatistics {
    /// The namespace of the template.
    pub namespace: String,
    /// The name of the template.
    pub name: String,
    /// The versions of the template that ran it.
    pub versions: Vec<String>,
    /// The step as the template names it. All workers of a batch share it.
    pub step: String,
    /// The attempts that ended.
    pub execution_count: i64,
    /// Those that failed.
    pub error_count: i64,
    /// The part of the attempts that failed.
    pub error_rate: f64,
    /// The attempts that failed and may succeed when repeated.
    pub retryable_failures: i64,
    /// The attempts that failed for good.
    pub permanent_failures: i64,
    /// The attempts that exceeded their time.
    pub timeouts: i64,
    /// The attempts whose host fell silent.
    pub lost: i64,
    /// The attempts that exceeded another limit.
    pub over_limit: i64,
    /// The failures that no further attempt followed.
    pub given_up: i64,
    /// The retries that became due.
    pub retry_count: i64,
    /// The checkpoints that were saved.
    pub checkpoint_count: i64,
    /// The average time of an execution, in seconds.
    pub average_duration_seconds: Option<f64>,
    /// The longest time, in seconds.
    pub max_duration_seconds: f64,
    /// The times of executions, in seconds.
    pub duration: Option<Quantiles>,
    /// The average time from enqueued to started, in seconds.
    pub average_wait_seconds: Option<f64>,
    /// The times from enqueued to started, in seconds.
    pub wait: Option<Quantiles>,
    /// The computing time of all executions, in seconds.
    pub cpu_seconds: f64,
    /// The highest peak memory, in bytes.
    pub peak_memory_bytes: i64,
    /// The time of all its executions, as a part of the time of all completed tasks of the template from creation to end. Steps
    /// that run in parallel may exceed 1 together.
    pub share_of_task_time: f64,
    /// When an execution last ended, started or became due.
    pub last_executed_at: Option<DateTime<Utc>>,
}

/// The tasks of a template, all versions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskStatistics {
    /// The namespace of the template.
    pub namespace: String,
    /// The name of the template.
    pub name: String,
    /// Its versions.
    pub versions: Vec<String>,
    /// The tasks that were created.
    pub created: i64,
    /// The tasks that completed.
    pub completed: i64,
    /// The tasks that ended in `error`.
    pub failed: i64,
    /// The tasks that were cancelled.
    pub cancelled: i64,
    /// The tasks that were resolved by hand.
    pub resolved: i64,
    /// How often a task was blocked by failures.
    pub blocked: i64,
    /// The part, of the tasks that ended or were blocked, that failed or were blocked.
    pub error_rate: f64,
    /// The average time from creation to completion, in seconds.
    pub average_duration_seconds: Option<f64>,
    /// The longest time, in seconds.
    pub max_duration_seconds: f64,
    /// The times from creation to completion, in seconds.
    pub duration: Option<Quantiles>,
    /// The steps that succeeded, for each completed task.
    pub average_step_count: Option<f64>,
    /// The beginning of the last bucket in which a task was created or ended.
    pub last_seen_at: Option<DateTime<Utc>>,
}

table! {
    /// The steps that ran.
    StepTable of StepStatistics
}

table! {
    /// The templates whose tasks were created or ended.
    TaskTable of TaskStatistics
}

/// All versions of a step, of a template.
pub(super) struct Merged<T> {
    pub(super) totals: T,
    pub(super) versions: BTreeSet<String>,
}

impl<T: Default> Default for Merged<T> {
    fn default() -> Self {
        Self { totals: T::default(), versions: BTreeSet::new() }
    }
}

/// The totals of steps by namespace, template and step.
pub(super) type StepsByName = BTreeMap<(String, String, String), Merged<StepTotals>>;
/// The totals of tasks by namespace and template.
pub(super) type TasksByName = BTreeMap<(String, String), Merged<TaskTotals>>;

pub(super) fn merge_steps(steps: &BTreeMap<(TemplateVersion, String), StepTotals>) -> StepsByName {
    let mut merged = StepsByName::new();
    for ((version, step), totals) in steps {
        let key = (version.namespace.clone(), version.name.clone(), step.clone());
        let entry = merged.entry(key).or_default();
        entry.totals.add(totals);
        entry.versions.insert(version.version.clone());
    }
    merged
}

pub(super) fn merge_tasks(tasks: &BTreeMap<TemplateVersion, TaskTotals>) -> TasksByName {
    let mut merged = TasksByName::new();
    for (version, totals) in tasks {
        let entry = merged.entry((version.namespace.clone(), version.name.clone())).or_default();
        entry.totals.add(totals);
        entry.versions.insert(version.version.clone());
    }
    merged
}

pub(super) fn step_rows(steps: &StepsByName, tasks: &TasksByName) -> Vec<StepStatistics> {
    let row = |((namespace, name, step), Merged { totals, versions }): (
        &(String, String, String),
        &Merged<StepTotals>,
    )| {
        let of_tasks =
            tasks.get(&(namespace.clone(), name.clone())).map_or(0.0, |tasks| tasks.totals.seconds);
        StepStatistics {
            namespace: namespace.clone(),
            name: name.clone(),
            versions: versions.iter().cloned().collect(),
            step: step.clone(),
            execution_count: totals.attempts(),
            error_count: totals.failures(),
            error_rate: totals.error_rate(),
            retryable_failures: totals.retryable,
            permanent_failures: totals.permanent,
            timeouts: totals.timeout,
            lost: totals.lost,
            over_limit: totals.over_limit,
            given_up: totals.given_up,
            retry_count: totals.retries,
            checkpoint_count: totals.checkpoints,
            average_duration_seconds: totals.average(),
            max_duration_seconds: totals.longest,
            duration: totals.run.quantiles(),
            average_wait_seconds: totals.average_wait(),
            wait: totals.wait.quantiles(),
            cpu_seconds: totals.cpu_seconds,
            peak_memory_bytes: totals.peak_memory,
            share_of_task_time: if of_tasks > 0.0 { totals.run_seconds / of_tasks } else { 0.0 },
            last_executed_at: totals.last_at,
        }
    };
    steps.iter().map(row).collect()
}

pub(super) fn task_rows(tasks: &TasksByName, steps: &StepsByName) -> Vec<TaskStatistics> {
    let row = |((namespace, name), Merged { totals, versions }): (&(String, String), &Merged<TaskTotals>)| {
        let of_template =
            steps.iter().filter(|((other, template, _), _)| other == namespace && template == name);
        let succeeded: i64 = of_template.map(|(_, step)| step.totals.succeeded).sum();
        TaskStatistics {
            namespace: namespace.clone(),
            name: name.clone(),
            versions: versions.iter().cloned().collect(),
            created: totals.created,
            completed: totals.completed,
            failed: totals.failed,
            cancelled: totals.cancelled,
            resolved: totals.resolved,
            blocked: totals.blocked,
            error_rate: totals.error_rate(),
            average_duration_seconds: totals.average(),
            max_duration_seconds: totals.longest,
            duration: totals.duration.quantiles(),
            average_step_count: (totals.completed > 0).then(|| ratio(succeeded, totals.completed)),
            last_seen_at: totals.last_bucket,
        }
    };
    tasks.iter().map(row).collect()
}

/// Sorts rows by a number, the largest first, and keeps the first ones.
pub(super) fn sort<T>(rows: &mut Vec<T>, limit: u32, by: impl Fn(&T) -> f64) {
    rows.sort_by(|left, right| by(right).total_cmp(&by(left)));
    rows.truncate(limit as usize);
}

pub(super) fn step_key(row: &StepStatistics, by: SortBy) -> f64 {
    match by {
        SortBy::P95 => row.duration.map_or(0.0, |duration| duration.p95),
        SortBy::Mean => row.average_duration_seconds.unwrap_or(0.0),
        SortBy::Failures => row.error_count as f64,
        SortBy::Retries => row.retry_count as f64,
        SortBy::Cpu => row.cpu_seconds,
        SortBy::Wait => row.average_wait_seconds.unwrap_or(0.0),
    }
}

pub(super) fn task_key(row: &TaskStatistics, by: SortBy) -> f64 {
    match by {
        SortBy::P95 => row.duration.map_or(0.0, |duration| duration.p95),
        SortBy::Mean => row.average_duration_seconds.unwrap_or(0.0),
        SortBy::Failures => (row.failed + row.blocked) as f64,
        SortBy::Retries => row.blocked as f64,
        SortBy::Cpu => row.average_duration_seconds.unwrap_or(0.0) * row.completed as f64,
        SortBy::Wait => row.max_duration_seconds,
    }
}

impl Analytics {
    /// Returns the steps that ran in a period.
    ///
    /// # Errors
    /// The database failed, or the period is invalid.
    pub async fn steps(&self, filter: &AnalyticsFilter, by: SortBy) -> Result<StepTable, Error> {
        let window = self.window(filter).await?;
        let (steps, tasks) = self.both(filter, &window).await?;
        let mut rows = step_rows(&steps, &tasks);
        sort(&mut rows, filter.limit, |row| step_key(row, by));
        Ok(StepTable::new(&window, rows))
    }

    /// Returns the templates whose tasks were created or ended in a period.
    ///
    /// # Errors
    /// As [`Analytics::steps`].
    pub async fn tasks(&self, filter: &AnalyticsFilter, by: SortBy) -> Result<TaskTable, Error> {
        let window = self.window(filter).await?;
        let (steps, tasks) = self.both(filter, &window).await?;
        let mut rows = task_rows(&tasks, &steps);
        sort(&mut rows, filter.limit, |row| task_key(row, by));
        Ok(TaskTable::new(&window, rows))
    }

    pub(super) async fn both(
        &self,
        filter: &AnalyticsFilter,
        window: &Window,
    ) -> Result<(StepsByName, TasksByName), Error> {
        let steps = merge_steps(&self.steps_of(filter, window.period).await?);
        let tasks = merge_tasks(&self.tasks_of(filter, window.period).await?);
        Ok((steps, tasks))
    }
}
