//! Events: those that Tasker receives, and those that it publishes.

use reqwest::Method;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    client::Client,
    error::Result,
    list::List,
    types::{
        EventDeliveryState, EventReplay, EventsReplayed, Published, ReceivedEvent, Reception, Subscription,
        SubscriptionRequest,
    },
};

/// One event in JSON (CloudEvents 1.0, JSON event format).
pub(crate) const EVENT: &str = "application/cloudevents+json";
const EVENTS: &str = "application/cloudevents-batch+json";

impl Client {
    /// Sends CloudEvents 1.0, each a value with the JSON form of one: `specversion`, `id`, `source`, `type`, `data`, … Returns
    /// the result of each, in order. An event with the source and id of another starts nothing again.
    ///
    /// Fails with `invalid_event` if one of them is not a CloudEvent; then none is received.
    pub async fn send_events(&self, events: &[impl Serialize]) -> Result<Vec<Reception>> {
        self.route(Method::POST, &["v1", "events"]).json_as(EVENTS, events).send().await
    }

    /// The received events without their content, newest first.
    pub fn received_events(&self) -> List<ReceivedEvent> {
        self.list_at(&["v1", "events"])
    }

    /// A received event with its content. Fails with `no_such_event`.
    pub async fn received_event(&self, id: Uuid) -> Result<ReceivedEvent> {
        self.route(Method::GET, &["v1", "events", &id.to_string()]).send().await
    }

    /// Handles a received event again. Fails with `not_possible` if its state does not allow it.
    pub async fn replay_event(&self, id: Uuid) -> Result<Reception> {
        self.route(Method::POST, &["v1", "events", &id.to_string(), "replay"]).send().await
    }

    /// Handles dead letters again, the newest first. Returns the result of each.
    pub async fn replay_events(&self, replay: &EventReplay) -> Result<Vec<Reception>> {
        let request = self.route(Method::POST, &["v1", "events", "replay"]).json(replay);
        Ok(request.send::<EventsReplayed>().await?.items)
    }

    /// The events of the last day that Tasker published, with their delivery state, newest first.
    pub fn domain_events(&self) -> List<Published> {
        self.list_at(&["v1", "domain-events"])
    }

    /// The subscriptions to events.
    pub fn subscriptions(&self) -> List<Subscription> {
        self.list_at(&["v1", "subscriptions"])
    }

    /// A subscription. Fails with `no_such_subscription`.
    pub async fn subscription(&self, name: &str) -> Result<Subscription> {
        self.route(Method::GET, &["v1", "subscriptions", name]).send().await
    }

    /// The deliveries of a subscription that have not arrived, the newest event first.
    pub fn deliveries(&self, name: &str) -> List<EventDeliveryState> {
        self.list_at(&["v1", "subscriptions", name, "deliveries"])
    }

    /// Tries a delivery again at once. Fails with `not_possible` if the event has arrived. It is not repeated on its own.
    pub async fn retry_delivery(&self, name: &str, event: i64) -> Result<EventDeliveryState> {
        let parts = ["v1", "subscriptions", name, "deliveries", &event.to_string(), "retry"];
        self.route(Method::POST, &parts).send().await
    }

    /// Subscribes a target to events. The response is the only one with a secret. It is not repeated on its own.
    pub async fn subscribe(&self, request: &SubscriptionRequest) -> Result<Subscription> {
        self.route(Method::POST, &["v1", "subscriptions"]).json(request).send().await
    }

    /// Ends a subscription. Fails with `no_such_subscription`. It is not repeated on its own.
    pub async fn unsubscribe(&self, name: &str) -> Result<()> {
        self.route(Method::DELETE, &["v1", "subscriptions", name]).send().await
    }
}
