//! Configuration of batches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a batch is split into workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchConfig {
    /// The number of items per worker. Informational for the handlers: the batchable step decides the split.
    #[serde(default = "default_batch_size")]
    #[schemars(range(min = 1, max = 100_000))]
    pub batch_size: u32,
    /// The maximum number of workers that run concurrently.
    #[serde(default = "default_parallelism")]
    #[schemars(range(min = 1, max = 1000))]
    pub parallelism: u32,
    /// The field that orders the items. Informational for the handlers.
    #[serde(default = "default_cursor_field")]
    pub cursor_field: String,
    /// The name of the `batch_worker` step to create workers from. If absent, the worker step that depends on
    /// this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_template: Option<String>,
    /// What happens to the other workers when one fails for good.
    #[serde(default)]
    pub failure_strategy: FailureStrategy,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            batch_size: default_batch_size(),
            parallelism: default_parallelism(),
            cursor_field: default_cursor_field(),
            worker_template: None,
            failure_strategy: FailureStrategy::default(),
        }
    }
}

fn default_batch_size() -> u32 {
    1000
}

fn default_parallelism() -> u32 {
    10
}

fn default_cursor_field() -> String {
    "id".to_owned()
}

/// What happens to the other workers when one fails for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureStrategy {
    /// They continue. Steps that depend on them wait until an operator resolves the failed worker.
    #[default]
    ContinueOnFailure,
    /// They are cancelled.
    FailFast,
    /// They continue, and steps that depend on them run without the failed worker, which gets a DLQ entry.
    Isolate,
}

impl FailureStrategy {
    /// The name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContinueOnFailure => "continue_on_failure",
            Self::FailFast => "fail_fast",
            Self::Isolate => "isolate",
        }
    }
}
