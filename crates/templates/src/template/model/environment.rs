//! Overrides per environment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{RetryOverride, Step, Written};

/// The overrides of one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    /// Overrides by step. The name `ALL` applies to every step.
    pub steps: Vec<StepOverride>,
}

/// The overrides of one step in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepOverride {
    /// The name of the step, or `ALL`.
    pub name: String,
    /// Handler configuration that is merged into the step's, key by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<HandlerOverride>,
    /// Replaces the step's timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_seconds: Option<u64>,
    /// Replaces the step's retry settings, field by field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryOverride>,
}

/// Handler configuration for one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HandlerOverride {
    /// Keys to add or replace.
    #[schemars(with = "Map<String, Value>")]
    pub initialization: Written,
}

impl StepOverride {
    pub(super) fn applies_to(&self, step: &str) -> bool {
        self.name == "ALL" || self.name == step
    }

    pub(super) fn apply(&self, step: &mut Step) {
        if let Some(handler) = &self.handler {
            step.handler.initialization.extend(&handler.initialization);
        }
        step.timeout_seconds = self.timeout_seconds.unwrap_or(step.timeout_seconds);
        if let Some(retry) = &self.retry {
            retry.apply(&mut step.retry);
        }
    }
}
