//! How a step is cut into workers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a batch is cut into workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchConfig {
    /// How many items one worker takes, as the handlers are told: it is the batchable step's that cuts.
    #[serde(default = "default_batch_size")]
    #[schemars(range(min = 1, max = 100_000))]
    pub batch_size: u32,
    /// How many workers may be out at once.
    #[serde(default = "default_parallelism")]
    #[schemars(range(min = 1, max = 1000))]
    pub parallelism: u32,
    /// The field by which items are ordered, as the handlers are told.
    #[serde(default = "default_cursor_field")]
    pub cursor_field: String,
    /// The name of the `batch_worker` step to create workers from; the one that depends on this step when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_template: Option<String>,
    /// What a failed worker means for the others.
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

/// What a failed worker means for the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureStrategy {
    /// They go on to the end; what converges on them waits until an operator has seen to the failed one.
    #[default]
    ContinueOnFailure,
    /// They are cancelled.
    FailFast,
    /// They go on, and what converges on them runs without the failed one, which gets a DLQ entry of its own.
    Isolate,
}

impl FailureStrategy {
    /// Its name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContinueOnFailure => "continue_on_failure",
            Self::FailFast => "fail_fast",
            Self::Isolate => "isolate",
        }
    }
}
