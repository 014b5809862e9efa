//! Domain events: what steps publish, who wants to hear of it, and how it gets there.
//!
//! A step's end writes its events into the outbox, in the same transaction. From there `publish` hands each to its
//! subscribers, and `deliver` takes it to them until it has arrived.

mod deliver;
mod outbox;
mod publish;
mod subscribe;

pub use outbox::{Events, Outlets};
pub use publish::Published;
pub use subscribe::{Subscription, SubscriptionKind, SubscriptionRequest};
