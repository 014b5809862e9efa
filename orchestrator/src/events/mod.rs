//! Domain events: publishes the events of steps and tasks, and delivers them to subscribers.
//!
//! The transaction that ends a step writes its events to the outbox. `publish` creates a delivery per subscriber, and
//! `deliver` sends each until it succeeds or has failed too often.

mod deliver;
mod deliveries;
mod outbox;
mod publish;
mod subscribe;

pub use deliveries::EventDeliveryState;
pub use outbox::{Events, Outlets};
pub use publish::Published;
pub use subscribe::{Subscription, SubscriptionKind, SubscriptionRequest};
