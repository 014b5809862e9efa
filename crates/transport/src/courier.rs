//! Delivery of events by another process: an outlet that puts them on a queue, and the courier behind it, which delivers them
//! and reports each outcome.

use std::{
    io::Read as _,
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use serde_json::Value;
use tasker_protocol::{
    EventBody, EventDelivered, EventDelivery, OrchestratorMessage, VERSION, decode, encode,
};
use tokio::{task::JoinSet, time::Instant};
use ureq::Agent;

use crate::{BlobStore, Delivery, DeliveryError, Message, OutgoingEvent, Outlet, Queue, Receipt, Sent};

/// How long before the end of a lease a courier begins no more: a request, its report, and clocks that differ.
const LAST_START: Duration = Duration::from_secs(120);
/// The timeout of reading an event behind a link.
const FETCH: Duration = Duration::from_secs(10);
/// The longest event behind a link: more than the longest result with its envelope.
const MAX_BODY_BYTES: u64 = 64 << 20;

/// Hands events over to a [`Courier`]. Checks targets like the courier's outlet.
pub struct HandOver {
    /// The courier's outlet.
    pub checks: Arc<dyn Outlet>,
    /// The courier's queue.
    pub deliveries: Arc<dyn Queue>,
    /// Holds events that exceed the queue's limit.
    pub blobs: BlobStore,
    /// How long a message may be under way, report included. Then the orchestrator sends the event again.
    pub lease: Duration,
}

impl HandOver {
    /// Returns the event, or a link to it if a message cannot hold it: JSON in JSON may double in length.
    async fn body(&self, event: &OutgoingEvent) -> Result<EventBody, DeliveryError> {
        if event.body.len() <= self.deliveries.max_body_bytes() / 4 {
            return Ok(EventBody::Inline(event.body.clone()));
        }
        let link = self.blobs.link(event.body.clone(), self.lease).await;
        match link.map_err(|error| DeliveryError::new(error.to_string()))? {
            Some(link) => Ok(EventBody::Link(link.into())),
            None => Ok(EventBody::Inline(event.body.clone())),
        }
    }
}

#[async_trait]
impl Outlet for HandOver {
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError> {
        self.checks.prepare(target).await
    }

    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<Sent, DeliveryError> {
        let delivery = EventDelivery {
            version: VERSION,
            delivery: event.delivery.clone(),
            attempt: event.attempt,
            until: (SystemTime::now() + self.lease.saturating_sub(LAST_START)).into(),
            name: event.name.clone(),
            target: target.clone(),
            body: self.body(event).await?,
        };
        // The subscription: a group's backlog does not delay the others.
        let group = event.delivery.rsplit('/').next().map(str::to_owned);
        let message = Message { group, ..Message::now(encode(&delivery)) };
        let sent = self.deliveries.send(vec![message]).await;
        sent.map(|()| Sent::HandedOver).map_err(|error| DeliveryError::new(error.to_string()))
    }

    fn lease(&self) -> Duration {
        self.lease
    }
}

/// Delivers the events of a queue and reports each outcome to the orchestrator.
pub struct Courier {
    outlet: Arc<dyn Outlet>,
    reports: Arc<dyn Queue>,
    agent: Agent,
}

impl Courier {
    /// A courier that delivers through `outlet` and sends outcomes to the queue of reports.
    pub fn new(outlet: Arc<dyn Outlet>, reports: Arc<dyn Queue>) -> Self {
        let agent = Agent::config_builder().timeout_global(Some(FETCH)).proxy(None).build().into();
        Self { outlet, reports, agent }
    }

    /// Delivers all events of a batch at once, each at most until `ends_at`, and reports each outcome as soon as it is known.
    /// Returns the receipts of messages that must be received again: they cannot be read, or their outcome was not sent.
    pub async fn run(self: &Arc<Self>, batch: Vec<Delivery>, ends_at: Instant) -> Vec<Receipt> {
        let mut under_way = JoinSet::new();
        for Delivery { body, receipt, .. } in batch {
            let this = Arc::clone(self);
            under_way.spawn(async move { (!this.deliver(&body, ends_at).await).then_some(receipt) });
        }
        let mut unfinished = Vec::new();
        while let Some(ended) = under_way.join_next().await {
            unfinished.extend(ended.ok().flatten());
        }
        unfinished
    }

    /// Delivers one message's event. Returns whether the message is done with.
    async fn deliver(self: &Arc<Self>, body: &str, ends_at: Instant) -> bool {
        let EventDelivery { delivery, attempt, until, name, target, body, .. } = match decode(body) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%error, "a delivery cannot be read; returning it to the queue");
                return false;
            }
        };
        if SystemTime::from(until) < SystemTime::now() {
            tracing::warn!(delivery, "a delivery waited for too long; the orchestrator sends it again");
            return true;
        }
        let sent = async {
            let body = self.read(body).await?;
            let event = OutgoingEvent { delivery: delivery.clone(), name, body, attempt };
            self.outlet.deliver(&target, &event).await
        };
        let timed_out = |_| Err(DeliveryError::new("the delivery timed out".to_owned()));
        let error = tokio::time::timeout_at(ends_at, sent).await.unwrap_or_else(timed_out).err();
        let retry_after_seconds =
            error.as_ref().and_then(|error| error.retry_after).map(|wait| wait.as_secs_f64());
        let outcome = OrchestratorMessage::Delivered(EventDelivered {
            version: VERSION,
            delivery,
            attempt,
            error: error.map(|error| error.message),
            retry_after_seconds,
        });
        let reported = self.reports.send(vec![Message::now(encode(&outcome))]).await;
        if let Err(error) = &reported {
            tracing::warn!(%error, "the outcome of a delivery could not be sent; the event is delivered again");
        }
        reported.is_ok()
    }

    async fn read(&self, body: EventBody) -> Result<String, DeliveryError> {
        let url = match body {
            EventBody::Inline(body) => return Ok(body),
            EventBody::Link(url) => url,
        };
        let agent = self.agent.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            let answer = agent.get(&url).call().map_err(|error| error.to_string())?;
            let mut body = answer.into_body().into_reader().take(MAX_BODY_BYTES);
            body.read_to_string(&mut text).map_err(|error| error.to_string())?;
            Ok(text)
        });
        let read = read.await.unwrap_or_else(|error| Err(error.to_string()));
        // The URL is not named: it gives access.
        read.map_err(|error: String| {
            DeliveryError::new(format!("the event's payload cannot be read: {error}"))
        })
    }
}
