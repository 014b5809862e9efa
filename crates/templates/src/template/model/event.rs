//! Domain events: declared by a workflow and published by its steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A domain event that the workflow's steps publish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainEvent {
    /// The name of the event.
    pub name: String,
    /// The meaning of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON Schema of the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

/// A domain event that a step publishes when one of its attempts ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedEvent {
    /// The name of the event.
    #[schemars(regex(pattern = "^[a-z0-9_.]+$"))]
    pub name: String,
    /// The meaning of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The outcomes after which it is published.
    #[serde(default)]
    pub condition: EventCondition,
    /// The JSON Schema of the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// How it is delivered to subscribers.
    #[serde(default)]
    pub delivery_mode: DeliveryMode,
    /// A publisher class in earlier versions of Tasker. It has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub publisher: Option<String>,
}

/// The outcomes of an attempt after which an event is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventCondition {
    /// The step completed.
    #[default]
    Success,
    /// An attempt failed, with or without another one to follow.
    Failure,
    /// An attempt failed, and another one follows.
    RetryableFailure,
    /// The step failed for good.
    PermanentFailure,
    /// The step completed, or an attempt failed.
    Always,
}

/// How an event is delivered to subscribers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// At least once, even after crashes.
    #[default]
    Durable,
    /// Immediately, to current listeners only.
    Fast,
    /// Both `durable` and `fast`.
    Broadcast,
}
