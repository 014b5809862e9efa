//! The message that asks a host to run one attempt of one step.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Grants, Limits, Payload};

/// Orchestrator to host: run this attempt of this step. It carries all that the host needs, because the host
/// has no database to ask.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepDispatch {
    /// Version of this message, [`crate::VERSION`].
    pub version: u32,
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The step within its task, counting from 0.
    pub step_index: u32,
    /// Which execution of the step this is: a number that the step never has twice, however often it is retried,
    /// resumed from a checkpoint, or reset by an operator.
    pub execution: u32,
    /// Which attempt this is, counting from 1; several executions may belong to one.
    pub attempt: u32,
    /// The release of the template that the task was created from. A host only echoes it.
    pub release_id: Uuid,
    /// The step of its template, counting from 0; many batch workers copy one. A host only echoes it.
    #[serde(rename = "definition")] // what 0.1.0 calls it: hosts and orchestrators upgrade in any order
    pub template_step: u32,
    /// How many attempts the step may have.
    pub max_attempts: u32,
    /// The name of the step, unique in its task.
    pub step_name: String,
    /// The namespace of the task's template.
    pub namespace: String,
    /// The name of the task's template.
    pub task_name: String,
    /// The version of the task's template.
    pub task_version: String,
    /// The id that ties the task to whatever caused it.
    pub correlation_id: String,
    /// What to run.
    pub handler: HandlerReference,
    /// The input of the task.
    pub input: Payload,
    /// The step's `handler.initialization`, a JSON object.
    pub configuration: Box<RawValue>,
    /// Results of the steps that this one depends on, in the template's order.
    #[serde(default)]
    pub dependency_results: Vec<DependencyResult>,
    /// For a batch worker, its slice of the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Box<RawValue>>,
    /// For a batch worker, what batch it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchSlice>,
    /// What an earlier run of this attempt saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Payload>,
    /// What the run may use at most.
    pub limits: Limits,
    /// What the run may reach.
    #[serde(default)]
    pub grants: Grants,
    /// After this moment nobody waits for the attempt any more: the host drops it unrun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// W3C trace context of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// What a batch worker is told of its batch.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BatchSlice {
    /// Its place in the batch, and how the batch is configured: `worker_number`, `total_workers`, `batch_size` and so
    /// on.
    pub metadata: Box<RawValue>,
    /// There was nothing to do: the worker stands for the batch, so that what follows it can run.
    pub is_no_op: bool,
}

/// A handler, pinned to the exact code that the task was created with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct HandlerReference {
    /// What the template calls it, for people.
    pub callable: String,
    /// The component that holds it: lower-case hexadecimal SHA-256 of its `.wasm` bytes.
    pub component: String,
    /// Its name among the handlers of that component.
    pub function: String,
}

/// The result of one dependency.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DependencyResult {
    /// The name of that step.
    pub step: String,
    /// What it completed with.
    pub result: Payload,
}
