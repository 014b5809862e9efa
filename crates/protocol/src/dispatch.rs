//! The message that makes a host run one attempt of one step.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Grants, HandlerReference, Limits, NextStep, Payload};

/// Orchestrator to host: run this attempt of this step. Contains everything the host needs, because hosts
/// cannot query the database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepDispatch {
    /// The message version, [`crate::VERSION`].
    pub version: u32,
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The index of the step within its task, from 0.
    pub step_index: u32,
    /// The execution number, unique per step across retries, checkpoint resumptions and operator resets.
    pub execution: u32,
    /// The attempt, from 1. One attempt may take several executions.
    pub attempt: u32,
    /// The template release that the task was created from. The host returns it unchanged.
    pub release_id: Uuid,
    /// The index of the step in that release, from 0. All workers of a batch share one. The host returns it
    /// unchanged.
    #[serde(rename = "definition")] // The name in 0.1.0: hosts and orchestrators upgrade in any order.
    pub template_step: u32,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// The name of the step, unique in its task.
    pub step_name: String,
    /// The namespace of the task's template.
    pub namespace: String,
    /// The name of the task's template.
    pub task_name: String,
    /// The version of the task's template.
    pub task_version: String,
    /// The id that correlates the task with its cause.
    pub correlation_id: String,
    /// The handler to run.
    pub handler: HandlerReference,
    /// The input of the task.
    pub input: Payload,
    /// The step's `handler.initialization`, a JSON object.
    pub configuration: Box<RawValue>,
    /// Results of the step's dependencies, in the order of the template.
    #[serde(default)]
    pub dependency_results: Vec<DependencyResult>,
    /// The cursor of a batch worker: its slice of the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Box<RawValue>>,
    /// The batch of a batch worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchSlice>,
    /// The value saved by the last checkpoint of this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Payload>,
    /// Resource limits of the run.
    pub limits: Limits,
    /// Resources that the run may access.
    #[serde(default)]
    pub grants: Grants,
    /// The W3C trace context of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// When the orchestrator sent the message. None if the host went on with the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
    /// Steps that the host may run after this one, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<Arc<NextStep>>,
}

impl StepDispatch {
    /// Returns the dispatch of the first of the next steps, after this step has completed with this result. None if there is
    /// none.
    ///
    /// Its execution has the number of this one. The orchestrator gives it that number when it applies the report of this
    /// one, unless the number was used before.
    #[must_use]
    pub fn following(&self, result: Payload) -> Option<Self> {
        let (next, rest) = self.next.split_first()?;
        let next = NextStep::clone(next);
        Some(Self {
            version: self.version,
            task_id: self.task_id,
            step_index: next.step_index,
            execution: self.execution,
            attempt: 1,
            release_id: self.release_id,
            template_step: next.step_index,
            max_attempts: next.max_attempts,
            step_name: next.step_name,
            namespace: self.namespace.clone(),
            task_name: self.task_name.clone(),
            task_version: self.task_version.clone(),
            correlation_id: self.correlation_id.clone(),
            handler: next.handler,
            input: self.input.clone(),
            configuration: next.configuration,
            dependency_results: vec![DependencyResult { step: self.step_name.clone(), result }],
            cursor: None,
            batch: None,
            checkpoint: None,
            limits: next.limits,
            grants: next.grants,
            traceparent: self.traceparent.clone(),
            sent_at: None,
            next: rest.to_vec(),
        })
    }
}

/// The batch metadata of one worker.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BatchSlice {
    /// The worker's position and the batch configuration, a JSON object: `worker_number`, `total_workers`,
    /// `batch_size` and so on.
    pub metadata: Box<RawValue>,
    /// The batch is empty. This placeholder worker lets the following steps run.
    pub is_no_op: bool,
}

/// The result of one dependency.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DependencyResult {
    /// The name of the dependency.
    pub step: String,
    /// Its result.
    pub result: Payload,
}
