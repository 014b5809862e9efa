//! Where domain events leave Tasker: one outlet for each kind of subscriber outside.

use async_trait::async_trait;
use serde_json::Value;

/// An event on its way out.
#[derive(Debug, Clone)]
pub struct OutgoingEvent {
    /// Names this event towards this subscriber, the same at every try.
    pub delivery: String,
    /// The event's name.
    pub name: String,
    /// The event: a CloudEvent 1.0 in JSON.
    pub body: String,
}

/// Why an event did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeliveryError(pub String);

/// Takes events to subscribers of one kind.
#[async_trait]
pub trait Outlet: Send + Sync + 'static {
    /// Checks what a subscriber says about where events shall go, and completes it.
    ///
    /// # Errors
    /// What is wrong with it.
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError>;

    /// Takes one event there. It may come there twice: if the answer is lost, it is taken there again.
    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<(), DeliveryError>;
}
