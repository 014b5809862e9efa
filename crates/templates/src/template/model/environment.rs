//! What differs from one environment to another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{RetryOverride, Step};

/// What differs in one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    /// Overrides by step; the name `ALL` means every step.
    pub steps: Vec<StepOverride>,
}

/// What differs for one step in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepOverride {
    /// The step's name, or `ALL`.
    pub name: String,
    /// Configuration that is added to the step's own, key by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<HandlerOverride>,
    /// Instead of the step's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_seconds: Option<u64>,
    /// Instead of the step's own, field by field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryOverride>,
}

/// Configuration of a handler in one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HandlerOverride {
    /// Keys that are added, or that replace the step's own.
    pub initialization: Map<String, Value>,
}

impl StepOverride {
    pub(super) fn applies_to(&self, step: &str) -> bool {
        self.name == "ALL" || self.name == step
    }

    pub(super) fn apply(&self, step: &mut Step) {
        if let Some(handler) = &self.handler {
            step.handler.initialization.extend(handler.initialization.clone());
        }
        step.timeout_seconds = self.timeout_seconds.unwrap_or(step.timeout_seconds);
        if let Some(retry) = &self.retry {
            retry.apply(&mut step.retry);
        }
    }
}
