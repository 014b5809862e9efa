//! Traces tasks that ended, and executions whose host cannot tell any more.
//!
//! Nobody waits for it: what is exported is read in a task of its own.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use sqlx::{Row, postgres::PgRow};
use tasker_telemetry::{
    Attribute, Span, SpanKind, Tracer,
    trace::{execution_span, task_span},
    tracer,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::tasks::Moved;
use crate::engine::Engine;

/// How many batches are read at once. Further ones are not traced: nobody waits for a trace.
static READING: Semaphore = Semaphore::const_new(4);

/// An execution that no host reports: its task, its step's index and its name, and its number.
pub(super) struct Lost {
    pub(super) task: Uuid,
    pub(super) step: u32,
    pub(super) execution: u32,
    pub(super) name: String,
}

struct EndedTask {
    task_id: Uuid,
    traceparent: Option<String>,
    namespace: String,
    name: String,
    version: String,
    state: String,
    correlation_id: String,
    created_at: DateTime<Utc>,
    completed_at: DateTime<Utc>,
    steps_total: i32,
    steps_failed: i32,
}

/// Those of these tasks that may be sampled: for sure by their ids, and by their requests perhaps.
const ENDED: &str = "
    SELECT task_id, traceparent, namespace, name, version, state, correlation_id, created_at, completed_at, steps_total,
        steps_failed
    FROM tasker.tasks
    WHERE task_id = ANY ($1) AND completed_at IS NOT NULL AND (traceparent IS NOT NULL OR task_id = ANY ($2))";

impl Engine {
    /// Exports the spans of tasks that ended.
    pub(super) fn trace_tasks(&self, moved: &[Moved]) {
        let Some(tracer) = tracer() else { return };
        let ended = moved.iter().filter(|(_, state, _)| state.is_terminal()).map(|(task, ..)| *task);
        let ended: Vec<Uuid> = ended.collect();
        if ended.is_empty() {
            return;
        }
        let sampled: Vec<Uuid> =
            ended.iter().copied().filter(|task| tracer.is_sampled(task.into_bytes())).collect();
        let Ok(place) = READING.try_acquire() else { return };
        let pool = self.pool.clone();
        tokio::spawn(async move {
            let _place = place;
            let found = sqlx::query(ENDED).bind(ended).bind(sampled).fetch_all(&pool).await;
            let found = found.and_then(|rows| rows.iter().map(EndedTask::of).collect::<Result<Vec<_>, _>>());
            match found {
                Ok(tasks) => tasks.into_iter().for_each(|task| task.trace(tracer)),
                Err(error) => tracing::debug!(%error, "ended tasks could not be traced"),
            }
        });
    }

    /// Exports the spans of executions whose hosts are gone, so that what they called has a parent.
    pub(super) fn trace_lost(&self, lost: Vec<Lost>) {
        let Some(tracer) = tracer() else { return };
        if lost.is_empty() {
            return;
        }
        let Ok(place) = READING.try_acquire() else { return };
        let (pool, now) = (self.pool.clone(), SystemTime::now());
        tokio::spawn(async move {
            let _place = place;
            let tasks: Vec<Uuid> = lost.iter().map(|lost| lost.task).collect();
            let found: Result<Vec<(Uuid, Option<String>)>, sqlx::Error> =
                sqlx::query_as("SELECT task_id, traceparent FROM tasker.tasks WHERE task_id = ANY ($1)")
                    .bind(tasks)
                    .fetch_all(&pool)
                    .await;
            match found {
                Ok(found) => {
                    for (task, traceparent) in found {
                        for lost in lost.iter().filter(|lost| lost.task == task) {
                            lost.trace(tracer, traceparent.as_deref(), now);
                        }
                    }
                }
                Err(error) => tracing::debug!(%error, "lost executions could not be traced"),
            }
        });
    }
}

impl EndedTask {
    fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            task_id: row.try_get("task_id")?,
            traceparent: row.try_get("traceparent")?,
            namespace: row.try_get("namespace")?,
            name: row.try_get("name")?,
            version: row.try_get("version")?,
            state: row.try_get("state")?,
            correlation_id: row.try_get("correlation_id")?,
            created_at: row.try_get("created_at")?,
            completed_at: row.try_get("completed_at")?,
            steps_total: row.try_get("steps_total")?,
            steps_failed: row.try_get("steps_failed")?,
        })
    }

    fn trace(self, tracer: &Tracer) {
        let task = self.task_id.into_bytes();
        let trace = tracer.trace_of_task(task, self.traceparent.as_deref());
        if !trace.is_sampled {
            return;
        }
        let attributes: Vec<(&'static str, Attribute)> = vec![
            ("tasker.task.id", self.task_id.to_string().into()),
            ("tasker.namespace", self.namespace.as_str().into()),
            ("tasker.template", self.name.as_str().into()),
            ("tasker.version", self.version.into()),
            ("tasker.task.state", self.state.as_str().into()),
            ("tasker.correlation_id", self.correlation_id.into()),
            ("tasker.steps.total", i64::from(self.steps_total).into()),
            ("tasker.steps.failed", i64::from(self.steps_failed).into()),
        ];
        tracer.record(Span {
            trace: trace.id,
            id: task_span(task),
            parent: trace.parent,
            kind: SpanKind::Internal,
            name: format!("task {}/{}", self.namespace, self.name).into(),
            start: self.created_at.into(),
            end: self.completed_at.into(),
            attributes,
            error: (self.state == "error").then(|| "the task failed".to_owned()),
            links: Vec::new(),
        });
    }
}

impl Lost {
    fn trace(&self, tracer: &Tracer, traceparent: Option<&str>, now: SystemTime) {
        let task = self.task.into_bytes();
        let trace = tracer.trace_of_task(task, traceparent);
        if !trace.is_sampled {
            return;
        }
        tracer.record(Span {
            trace: trace.id,
            id: execution_span(task, self.step, self.execution),
            parent: Some(task_span(task)),
            kind: SpanKind::Consumer,
            name: format!("step {}", self.name).into(),
            start: now,
            end: now,
            attributes: vec![
                ("tasker.task.id", self.task.to_string().into()),
                ("tasker.step.name", self.name.as_str().into()),
                ("tasker.step.execution", i64::from(self.execution).into()),
                ("error.type", "LeaseLost".into()),
            ],
            error: Some("the host was lost; when the execution began is not known".to_owned()),
            links: Vec::new(),
        });
    }
}
