//! Steps: handler, dependencies, retries, limits and grants.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tasker_protocol::Grants;

use super::{BatchConfig, PublishedEvent, Retry, Written};

/// One step of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The name of the step, unique in its template.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// The purpose of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The handler to run.
    pub handler: Handler,
    /// The role of the step in the DAG. Alias: `step_type`.
    #[serde(default, rename = "type")]
    pub step_type: StepType,
    /// The system that the step works with. Informational.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_dependency: Option<String>,
    /// Names of the steps that must complete first. Alias: `depends_on`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
    /// Whether the handler gets the results of all direct and indirect dependencies, not only of the direct
    /// ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ancestors: bool,
    /// Whether a host that has completed the only dependency of the step may run it at once, as soon as the report of that
    /// one is sent. Otherwise the step starts when the orchestrator has stored that result.
    #[serde(default = "yes", rename = "continue", skip_serializing_if = "Clone::clone")]
    #[schemars(extend("default" = true))]
    pub may_continue: bool,
    /// Retries of failed attempts.
    #[serde(default)]
    pub retry: Retry,
    /// The longest time for one attempt, waiting included, in seconds.
    #[serde(default = "default_timeout")]
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_seconds: u64,
    /// Resource limits of one attempt.
    #[serde(default)]
    pub limits: StepLimits,
    /// Resources that the handler may access. Everything else is denied.
    #[serde(default)]
    pub grants: Grants,
    /// Domain events that the step publishes when it ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishes_events: Vec<PublishedEvent>,
    /// How a batch is split into workers. Set it on the `batchable` step or on its `batch_worker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_config: Option<BatchConfig>,
    /// Limits of a single step in earlier versions of Tasker. It has no effect: use `timeout_seconds` and
    /// `retry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub lifecycle: Option<Map<String, Value>>,
    /// The JSON Schema of the result. An invalid result fails the step for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_schema: Option<Value>,
}

fn default_timeout() -> u64 {
    30
}

fn yes() -> bool {
    true
}

/// The handler of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handler {
    /// The name of a handler in a published component, or a name that `tasker.toml` maps to one.
    pub callable: String,
    /// The version of the handler. If absent, the current version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub version: Option<u32>,
    /// A method of a handler class in earlier versions of Tasker. It has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub method: Option<String>,
    /// How earlier versions of Tasker found a callable. It has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub resolver: Option<String>,
    /// Configuration that is passed to the handler.
    #[serde(default, skip_serializing_if = "Written::is_empty")]
    #[schemars(with = "Map<String, Value>")]
    pub initialization: Written,
}

/// The role of a step in the DAG.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepType {
    /// Runs when its dependencies are complete.
    #[default]
    Standard,
    /// Selects which of its descendants are created.
    Decision,
    /// Waits for those of its dependencies that decisions created.
    DeferredConvergence,
    /// Splits its work into batch workers.
    Batchable,
    /// The definition from which batch workers are created.
    BatchWorker,
}

impl StepType {
    /// The name in templates and in the database.
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

/// Resource limits of one attempt. Absent fields have the host's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepLimits {
    /// Computing time, in milliseconds. Default 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub cpu_ms: Option<u64>,
    /// All linear memories, and what the host holds for the handler (requests, values, logs), in bytes. Default
    /// 134,217,728 (128 MiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 65_536, max = 4_294_967_296_u64))]
    pub memory_bytes: Option<u64>,
    /// The sum of all tables, in elements. Default 20,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_elements: Option<u64>,
    /// The number of core module instances in the component. Default 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// Captured log text, in bytes. Default 65,536.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    /// The outcome as JSON, in bytes. Default 6,291,456 (6 MiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_bytes: Option<u64>,
    /// Host resources that are open at once. Default 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handles: Option<u32>,
}

impl StepLimits {
    /// The limits of an execution, with defaults applied.
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
