//! Measures executions that ended.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use tasker_protocol::{Execution, Failure, FailureOrigin};
use tasker_telemetry::{Label, Metrics, metrics};
use uuid::Uuid;

use super::{error_types, names::Names, traces::Lost};
use crate::{catalog::Release, database::columns::arrays, engine::Engine, error::Error};

/// How an execution ended, for metrics.
#[derive(Debug)]
pub(crate) enum Way<'a> {
    /// The step is complete.
    Complete,
    /// A decision chose this many steps.
    Decided(usize),
    /// A batch was cut into this many workers.
    Cut(usize),
    /// It saved a checkpoint.
    Checkpoint,
    /// It failed.
    Failed(&'a Failure),
}

/// The end of an execution that counted.
#[derive(Debug)]
pub(crate) struct Ends<'a> {
    pub(crate) key: (Uuid, u32, u32),
    /// The release and the index of the template step, if a message named them.
    pub(crate) place: Option<(Arc<Release>, u32)>,
    pub(crate) way: Way<'a>,
    pub(crate) run: Option<&'a Execution>,
    pub(crate) retry_in: Option<Duration>,
}

impl Way<'_> {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Complete | Self::Decided(_) | Self::Cut(_) => "success",
            Self::Checkpoint => "checkpoint",
            Self::Failed(failure) => match (failure.error_type.as_str(), failure.origin) {
                ("LeaseLost", FailureOrigin::Host) => "lost",
                ("WallTimeExceeded", FailureOrigin::Limit) => "timeout",
                (_, FailureOrigin::Limit) => "limit",
                _ if failure.retryable => "retryable",
                _ => "permanent",
            },
        }
    }
}

impl Ends<'_> {
    /// The execution, if its host is lost and says nothing of it.
    fn lost(&self, names: &Names, template_step: u32) -> Option<Lost> {
        if self.run.is_some() || self.way.outcome() != "lost" {
            return None;
        }
        let (task, step, execution) = self.key;
        let [.., name] = names.of_step(template_step as usize);
        Some(Lost { task, step, execution, name: name.as_str().to_owned() })
    }

    fn measure(&self, metrics: &Metrics, names: &Names, step: u32) {
        let labels = names.of_step(step as usize);
        let [namespace, template, name] = labels.clone();
        let with = |last: Label| [namespace.clone(), template.clone(), name.clone(), last];
        let of_template = || [namespace.clone(), template.clone()];
        metrics.step_attempts.add(1, with(self.way.outcome().into()));
        match &self.way {
            Way::Decided(branches) => {
                let branches = match branches {
                    0 => "0",
                    1 => "1",
                    2 => "2",
                    _ => "many",
                };
                metrics.decisions.add(1, with(branches.into()));
            }
            Way::Cut(workers) => metrics.batch_workers.record(*workers as f64, of_template()),
            Way::Failed(failure) => {
                let error_type = error_types::label(&labels, &failure.error_type);
                metrics.step_failures.add(1, with(error_type));
            }
            Way::Complete | Way::Checkpoint => {}
        }
        if let Some(wait) = self.retry_in {
            metrics.step_retries.add(1, labels.clone());
            metrics.step_retry_delay.took(wait, of_template());
        }
        if let Some(run) = self.run {
            let usage = &run.usage;
            metrics.step_run_duration.took(Duration::from_micros(usage.wall_us), labels.clone());
            metrics.step_cpu.add(usage.cpu_us as f64 / 1e6, labels.clone());
            metrics.step_peak_memory.record(usage.peak_memory_bytes as f64, of_template());
            if usage.dropped_log_bytes > 0 {
                metrics.step_dropped_log_bytes.add(usage.dropped_log_bytes, [namespace.clone()]);
            }
            // The clocks of two machines may differ.
            let lag = (Utc::now() - run.finished_at).to_std().unwrap_or_default();
            metrics.report_lag.took(lag, []);
        }
    }
}

impl Engine {
    /// Measures the ends of executions that counted. What cannot be measured is not told: the end itself is stored.
    pub(crate) async fn measure_ends(&self, ends: Vec<Ends<'_>>) {
        let Some(metrics) = metrics() else { return };
        let mut unknown = Vec::new();
        for end in ends {
            match &end.place {
                Some((release, step)) => end.measure(metrics, &release.names, *step),
                None => unknown.push(end),
            }
        }
        if !unknown.is_empty()
            && let Err(error) = Box::pin(self.measure_unknown_ends(metrics, &unknown)).await
        {
            tracing::debug!(%error, "ended executions could not be measured");
        }
    }

    /// Measures ends that no message reported, which is rare. A lost host is one of these.
    async fn measure_unknown_ends(&self, metrics: &Metrics, ends: &[Ends<'_>]) -> Result<(), Error> {
        let (tasks, steps, _) = arrays(ends.iter().map(|end| end.key));
        let found: Vec<(Uuid, i32, Uuid, i32)> = sqlx::query_as(
            "SELECT s.task_id, s.step_index, t.release_id, s.template_step
             FROM unnest($1::uuid[], $2::integer[]) AS k (task_id, step_index)
             JOIN tasker.steps s ON s.task_id = k.task_id AND s.step_index = k.step_index
             JOIN tasker.tasks t ON t.task_id = k.task_id",
        )
        .bind(tasks)
        .bind(steps)
        .fetch_all(&self.pool)
        .await?;
        let releases = self.catalog.releases(found.iter().map(|(_, _, release, _)| *release)).await?;
        let mut lost = Vec::new();
        for end in ends {
            let (task, step, _) = end.key;
            let is_of = |row: &&(Uuid, i32, Uuid, i32)| row.0 == task && row.1.unsigned_abs() == step;
            if let Some((_, _, release, step)) = found.iter().find(is_of)
                && let Some(release) = releases.get(release)
            {
                end.measure(metrics, &release.names, step.unsigned_abs());
                lost.extend(end.lost(&release.names, step.unsigned_abs()));
            }
        }
        self.trace_lost(lost);
        Ok(())
    }
}
