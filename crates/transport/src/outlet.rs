//! Outlets: delivery of domain events to subscribers outside Tasker, one outlet per kind of subscriber.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

/// An event to deliver.
#[derive(Debug, Clone)]
pub struct OutgoingEvent {
    /// Identifies this event for this subscriber. The same at every retry.
    pub delivery: String,
    /// The event's name.
    pub name: String,
    /// The event, a CloudEvent 1.0 in JSON.
    pub body: String,
    /// The number of this try, from 1.
    pub attempt: u32,
}

/// What became of an event that an outlet took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The subscriber has it.
    Arrived,
    /// Another process delivers it and reports the outcome.
    HandedOver,
}

/// Why an event was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DeliveryError {
    /// What happened, for people.
    pub message: String,
    /// How long the target asks to wait before the next try.
    pub retry_after: Option<Duration>,
    /// Whether the target's host is away: it did not respond, or said that it is unavailable.
    pub is_away: bool,
}

impl DeliveryError {
    /// An error that says nothing about the next try.
    pub fn new(message: String) -> Self {
        Self { message, retry_after: None, is_away: false }
    }

    /// An error of a host that is away.
    pub fn away(message: String) -> Self {
        Self { is_away: true, ..Self::new(message) }
    }
}

/// Delivers events to subscribers of one kind.
#[async_trait]
pub trait Outlet: Send + Sync + 'static {
    /// Validates a subscription's target and fills in missing parts.
    ///
    /// # Errors
    /// What is wrong with the target.
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError>;

    /// Delivers one event. May deliver it twice: if the response is lost, the caller retries.
    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<Sent, DeliveryError>;

    /// How long after taking a delivery the orchestrator delivers again if it hears nothing.
    fn lease(&self) -> Duration {
        Duration::from_secs(60)
    }
}
