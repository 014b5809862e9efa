//! Measures tasks that end, or that are blocked.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tasker_telemetry::{Metrics, metrics};
use uuid::Uuid;

use super::names::Names;
use crate::{catalog::Release, engine::Engine, error::Error, state::TaskState};

/// A task that came to rest, and its release if it is known.
pub(crate) type Moved = (Uuid, TaskState, Option<Arc<Release>>);

/// The time since the creation of a task, from its id.
fn age(task: Uuid) -> Option<Duration> {
    let (seconds, nanos) = task.get_timestamp()?.to_unix();
    let created = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
    Some(SystemTime::now().duration_since(created).unwrap_or_default())
}

fn count(metrics: &Metrics, names: &Names, task: Uuid, state: TaskState) {
    let [namespace, template] = names.of_template();
    if state == TaskState::BlockedByFailures {
        return metrics.tasks_blocked.add(1, [namespace, template]);
    }
    let labels = [namespace, template, state.as_str().into()];
    metrics.tasks_ended.add(1, labels.clone());
    if let Some(age) = age(task) {
        metrics.task_duration.took(age, labels);
    }
}

impl Engine {
    /// Measures tasks that came to rest by an event. What cannot be measured is not told: the event itself is stored.
    pub(crate) async fn measure_rest(&self, moved: impl IntoIterator<Item = Moved>) {
        let Some(metrics) = metrics() else { return };
        let moved: Vec<Moved> = moved.into_iter().filter(|(_, state, _)| state.is_at_rest()).collect();
        self.trace_tasks(&moved);
        let mut unknown = Vec::new();
        for (task, state, release) in moved {
            match release {
                Some(release) => count(metrics, &release.names, task, state),
                None => unknown.push((task, state)),
            }
        }
        if !unknown.is_empty()
            && let Err(error) = Box::pin(self.measure_unknown(metrics, &unknown)).await
        {
            tracing::debug!(%error, "ended tasks could not be measured");
        }
    }

    /// Measures tasks whose release no message named, which is rare.
    async fn measure_unknown(&self, metrics: &Metrics, moved: &[(Uuid, TaskState)]) -> Result<(), Error> {
        let tasks: Vec<Uuid> = moved.iter().map(|(task, _)| *task).collect();
        let found: Vec<(Uuid, Uuid)> =
            sqlx::query_as("SELECT task_id, release_id FROM tasker.tasks WHERE task_id = ANY ($1)")
                .bind(tasks)
                .fetch_all(&self.pool)
                .await?;
        let releases = self.catalog.releases(found.iter().map(|(_, release)| *release)).await?;
        for (task, state) in moved {
            if let Some((_, release)) = found.iter().find(|(found, _)| found == task)
                && let Some(release) = releases.get(release)
            {
                count(metrics, &release.names, *task, *state);
            }
        }
        Ok(())
    }
}
