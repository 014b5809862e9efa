//! A domain event on its way to a subscriber whom another process calls, and the outcome.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Orchestrator to the process that calls webhooks: deliver this event once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventDelivery {
    /// The message version, [`crate::VERSION`].
    pub version: u32,
    /// Identifies this event for this subscriber. The same at every try.
    pub delivery: String,
    /// The number of this try, from 1.
    pub attempt: u32,
    /// The end of this try. A message that is received later must not be delivered: the orchestrator sends another.
    pub until: DateTime<Utc>,
    /// The event's name.
    pub name: String,
    /// The subscription's target, with its secret.
    pub target: Value,
    /// The event.
    pub body: EventBody,
}

/// Where the event is: a CloudEvent 1.0 in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventBody {
    /// In the message.
    Inline(String),
    /// Behind a signed URL, because it exceeds the limit of messages.
    Link(String),
}

/// The process that calls webhooks to the orchestrator: the outcome of one try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventDelivered {
    /// The message version, [`crate::VERSION`].
    pub version: u32,
    /// Copied from the [`EventDelivery`].
    pub delivery: String,
    /// Copied from the [`EventDelivery`].
    pub attempt: u32,
    /// Why the event did not arrive. None if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long the target asks to wait before the next try, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<f64>,
}
