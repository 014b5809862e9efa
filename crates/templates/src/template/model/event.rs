//! Domain events: what a workflow declares, and what its steps publish.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A domain event that steps of the workflow publish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainEvent {
    /// The event's name.
    pub name: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

/// A domain event that a step publishes when an attempt of it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedEvent {
    /// The event's name.
    #[schemars(regex(pattern = "^[a-z0-9_.]+$"))]
    pub name: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// After which endings of an attempt it is published.
    #[serde(default)]
    pub condition: EventCondition,
    /// JSON Schema of its payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// How it reaches its subscribers.
    #[serde(default)]
    pub delivery_mode: DeliveryMode,
    /// Tasker's earlier way to name the class that publishes it. It has no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub publisher: Option<String>,
}

/// After which endings of an attempt an event is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventCondition {
    /// The step completed.
    #[default]
    Success,
    /// An attempt failed, whether another follows or not.
    Failure,
    /// An attempt failed and another follows.
    RetryableFailure,
    /// The step failed for good.
    PermanentFailure,
    /// The step completed, or an attempt failed.
    Always,
}

/// How an event reaches its subscribers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// At least once, whatever crashes.
    #[default]
    Durable,
    /// At once, to whoever listens; lost on whoever does not.
    Fast,
    /// Both.
    Broadcast,
}
