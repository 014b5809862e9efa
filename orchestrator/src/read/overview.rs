//! A task with its steps as its template names them: how each stands, without documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tasker_templates::template::StepType;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    dlq::{DlqEntry, DlqFilter},
    reader::Reader,
    task::TaskDetail,
};
use crate::{error::Error, slice::Slice};

/// The maximum number of DLQ entries.
const DLQ_ENTRIES: u32 = 20;

/// A task and its steps, without documents.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskOverview {
    /// The task, without its input.
    pub task: TaskDetail,
    /// Namespace, name and version of its template: `namespace.name@version`.
    pub full_name: String,
    /// The steps of its template, in the template's order.
    pub steps: Vec<StepOverview>,
    /// Its newest DLQ entries, without snapshots, at most 20.
    pub dlq_entries: Vec<DlqEntry>,
    /// The fields that the caller may not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// Where the rest is: `input`, `steps`, `graph`, `timeline`, `logs`, `audit`, `template`.
    pub links: BTreeMap<String, String>,
}

/// A step of a template, and how the steps of a task stand that are made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepOverview {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub step_type: StepType,
    /// The callable of its handler.
    pub handler: String,
    /// The steps that it depends on.
    pub dependencies: Vec<String>,
    /// Whether it is retried.
    pub retryable: bool,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// The number of steps by state: one, or all workers of a batch. Empty while none is created.
    pub by_state: BTreeMap<String, i64>,
    /// The highest attempt of them.
    pub attempt: u32,
    /// The type of the failure that ended one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
}

impl Reader {
    /// Returns a task with its steps.
    pub async fn overview(&self, id: Uuid) -> Result<TaskOverview, Error> {
        let release = self.release_of(id).await?;
        let task = self.task_without_input(id).await?;
        let standings = self.standings(id, &release).await?;
        let template = release.template.steps.iter().zip(&release.steps);
        let steps = template.zip(standings).map(|((step, fixed), standing)| StepOverview {
            name: step.name.clone(),
            step_type: step.step_type,
            handler: step.handler.callable.clone(),
            dependencies: step.dependencies.clone(),
            retryable: step.retry.retryable,
            max_attempts: fixed.max_attempts,
            by_state: standing.by_state,
            attempt: standing.attempt,
            error_type: standing.error_type,
        });
        let filter = DlqFilter { task_id: Some(id), ..DlqFilter::default() };
        let mut dlq_entries = self.dlq_entries(&filter, Slice::first(DLQ_ENTRIES)).await?;
        for entry in &mut dlq_entries {
            entry.snapshot = None;
        }
        let summary = &task.summary;
        let (namespace, name, version) = (&summary.namespace, &summary.name, &summary.version);
        let mut links: BTreeMap<String, String> = [
            ("input", "input"),
            ("steps", "workflow_steps"),
            ("graph", "graph"),
            ("timeline", "timeline"),
            ("logs", "logs"),
            ("audit", "audit"),
        ]
        .into_iter()
        .map(|(link, path)| (link.to_owned(), format!("/v1/tasks/{id}/{path}")))
        .collect();
        links.insert("template".to_owned(), format!("/v1/templates/{namespace}/{name}/{version}"));
        let full_name = format!("{namespace}.{name}@{version}");
        Ok(TaskOverview { full_name, steps: steps.collect(), dlq_entries, withheld: Vec::new(), links, task })
    }
}
