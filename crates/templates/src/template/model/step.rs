//! A step: what it runs, what it waits for, what it may use and reach.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tasker_protocol::Grants;

use super::{BatchConfig, PublishedEvent, Retry};

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The step's name, unique in its template.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// What the step does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What runs.
    pub handler: Handler,
    /// How the step takes part in the DAG. `step_type` is another name for this field.
    #[serde(default, rename = "type")]
    pub step_type: StepType,
    /// The system that the step works on, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_dependency: Option<String>,
    /// Names of the steps that must be done before. `depends_on` is another name for this field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
    /// Give the handler the results of all steps before this one, not only of its direct dependencies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ancestors: bool,
    /// What happens when an attempt fails.
    #[serde(default)]
    pub retry: Retry,
    /// How long one attempt may take, in seconds, waiting included.
    #[serde(default = "default_timeout")]
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_seconds: u64,
    /// What one attempt may use at most.
    #[serde(default)]
    pub limits: StepLimits,
    /// What the handler may reach. Everything is denied that is not granted.
    #[serde(default)]
    pub grants: Grants,
    /// Domain events that the step publishes when it ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishes_events: Vec<PublishedEvent>,
    /// How a batch is cut into workers: on its `batchable` step, or on its `batch_worker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_config: Option<BatchConfig>,
    /// Tasker's earlier limits of a single step. It has no effect here: use `timeout_seconds` and `retry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub lifecycle: Option<Map<String, Value>>,
    /// JSON Schema of the result. A result that breaks it fails the step for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_schema: Option<Value>,
}

fn default_timeout() -> u64 {
    30
}

/// What runs for a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handler {
    /// The handler's name: of a published component's handler, or any name that `tasker.toml` maps to one.
    pub callable: String,
    /// The version of the handler to run, whichever is current otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub version: Option<u32>,
    /// Tasker's earlier way to pick a method of a handler class. It has no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub method: Option<String>,
    /// Tasker's earlier way to say how a callable is found. It has no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub resolver: Option<String>,
    /// Configuration that the handler is given.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub initialization: Map<String, Value>,
}

/// How a step takes part in the DAG.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepType {
    /// It runs when its dependencies are done.
    #[default]
    Standard,
    /// It chooses which of its descendants are created.
    Decision,
    /// It waits for those of its dependencies that a decision created.
    DeferredConvergence,
    /// It cuts its work into batch workers.
    Batchable,
    /// The pattern from which batch workers are created.
    BatchWorker,
}

impl StepType {
    /// Its name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Decision => "decision",
            Self::DeferredConvergence => "deferred_convergence",
            Self::Batchable => "batchable",
            Self::BatchWorker => "batch_worker",
        }
    }
}

/// What one attempt may use at most. What is not given has the host's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepLimits {
    /// Time spent computing, in milliseconds. Default 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub cpu_ms: Option<u64>,
    /// All linear memories together, in bytes. Default 134,217,728 (128 MiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 65_536, max = 4_294_967_296_u64))]
    pub memory_bytes: Option<u64>,
    /// All tables together, in elements. Default 20,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_elements: Option<u64>,
    /// Core module instances that the component may consist of. Default 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// Captured log text, in bytes. Default 65,536.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    /// The outcome in JSON, in bytes. Default 6,291,456 (6 MiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_bytes: Option<u64>,
    /// Host resources open at once. Default 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handles: Option<u32>,
}

impl StepLimits {
    /// The limits of an execution, with the defaults filled in.
    pub fn complete(&self, timeout_seconds: u64) -> tasker_protocol::Limits {
        let default = tasker_protocol::Limits::default();
        tasker_protocol::Limits {
            wall_ms: timeout_seconds * 1000,
            cpu_ms: self.cpu_ms.unwrap_or(default.cpu_ms),
            memory_bytes: self.memory_bytes.unwrap_or(default.memory_bytes),
            table_elements: self.table_elements.unwrap_or(default.table_elements),
            instances: self.instances.unwrap_or(default.instances),
            log_bytes: self.log_bytes.unwrap_or(default.log_bytes),
            result_bytes: self.result_bytes.unwrap_or(default.result_bytes),
            handles: self.handles.unwrap_or(default.handles),
        }
    }
}
