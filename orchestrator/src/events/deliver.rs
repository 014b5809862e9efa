//! Delivers published events to their targets, with retries.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::{Value, value::RawValue};
use sqlx::{FromRow, Row as _, postgres::PgRow, types::Json};
use tasker_protocol::EventDelivered;
use tasker_telemetry::metrics;
use tasker_templates::cut_name;
use tasker_transport::{Condition, DeliveryError, OutgoingEvent, Paused, Sent};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{outbox::Events, subscribe::TaskTarget};
use crate::{create::TaskRequest, database::set::sql, engine::Engine, error::Error};

/// How many deliveries run at once in this process, and approximately how many per subscription in all.
const CONCURRENT: usize = 64;
const EACH: usize = 8;
/// How long to wait before looking for due deliveries again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The timeout of one delivery: less than the minute for which `take_deliveries` takes it at least.
const TIMEOUT: Duration = Duration::from_secs(45);
/// How long a visit delivers: it must leave its function time for the rest. What is cut off is delivered again.
const VISIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Due {
    event_id: i64,
    subscription_id: Uuid,
    attempts: i32,
    envelope: String,
    name: String,
    kind: String,
    target: Json<Value>,
}

impl FromRow<'_, PgRow> for Due {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            event_id: row.try_get("event_id")?,
            subscription_id: row.try_get("subscription_id")?,
            attempts: row.try_get("attempts")?,
            envelope: row.try_get("envelope")?,
            name: row.try_get("name")?,
            kind: row.try_get("kind")?,
            target: row.try_get("target")?,
        })
    }
}

/// What a task takes from the event that starts it, besides its input.
#[derive(serde::Deserialize)]
struct Origin {
    source: Option<String>,
    correlationid: Option<String>,
}

/// The outcome of one try.
struct Outcome {
    event: i64,
    subscription: Uuid,
    attempt: i32,
    error: Option<DeliveryError>,
    /// It was not tried, because its host is away. It is due again when the error says.
    is_held: bool,
}

/// Running deliveries. One that was handed over ends without an outcome.
type UnderWay = JoinSet<Option<Outcome>>;

/// Waits for the next delivery to end, and returns the outcomes of it and all others that have ended. Pending while none runs.
async fn ended(under_way: &mut UnderWay) -> Vec<Outcome> {
    let Some(first) = under_way.join_next().await else { return std::future::pending().await };
    let mut ended: Vec<Outcome> = first.into_iter().flatten().collect();
    while let Some(more) = under_way.try_join_next() {
        ended.extend(more.into_iter().flatten());
    }
    ended
}

impl Events {
    /// Delivers until `stop` is cancelled. Deliveries that run then are repeated later.
    pub(crate) async fn deliver_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut under_way = UnderWay::default();
        loop {
            if let Err(error) = self.start_deliveries(&mut under_way).await {
                tracing::warn!(%error, "deliveries could not be taken; trying again");
            }
            let settled = tokio::select! {
                () = stop.cancelled() => return,
                ended = ended(&mut under_way) => self.engine.settle_deliveries(ended).await,
                () = self.deliverable.notified() => Ok(()),
                // Failed deliveries become due during this wait.
                () = tokio::time::sleep(LOOK_AGAIN) => Ok(()),
            };
            if let Err(error) = settled {
                tracing::warn!(%error, "results of deliveries could not be stored; they will be sent again");
            }
        }
    }

    /// Delivers what is due, for the time of a visit at most.
    pub(super) async fn deliver_all(self: &Arc<Self>) -> Result<(), Error> {
        let until = Instant::now() + VISIT;
        let mut under_way = UnderWay::default();
        loop {
            self.start_deliveries(&mut under_way).await?;
            if under_way.is_empty() {
                return Ok(());
            }
            match tokio::time::timeout_at(until, ended(&mut under_way)).await {
                Ok(ended) => self.engine.settle_deliveries(ended).await?,
                Err(_) => {
                    let left = under_way.len();
                    tracing::warn!(left, "deliveries took too long for a visit; they will be sent again");
                    return Ok(());
                }
            }
        }
    }

    /// Starts as many due deliveries as the limits allow.
    async fn start_deliveries(self: &Arc<Self>, under_way: &mut UnderWay) -> Result<(), Error> {
        let room = CONCURRENT.saturating_sub(under_way.len());
        if room == 0 {
            return Ok(());
        }
        let lease = self.outlets.values().map(|outlet| outlet.lease()).max().unwrap_or(TIMEOUT);
        let due: Vec<Due> = sqlx::query_as(sql!("SELECT * FROM tasker_f.take_deliveries($1, $2, $3, $4)"))
            .bind(room as i32)
            .bind(EACH as i32)
            .bind(lease.as_secs_f64())
            .bind(self.engine.breakers.webhooks.waiting())
            .fetch_all(&self.pool)
            .await?;
        for delivery in due {
            let this = Arc::clone(self);
            under_way.spawn(async move {
                let kind = delivery.kind.clone();
                let (event, subscription) = (delivery.event_id, delivery.subscription_id);
                let attempt = delivery.attempts;
                let (error, is_held) = match this.deliver_unless_away(delivery).await {
                    Ok(Ok(Sent::HandedOver)) => return None,
                    Ok(Ok(Sent::Arrived)) => (None, false),
                    Ok(Err(error)) => (Some(error), false),
                    Err(Paused { wait }) => {
                        let message = "not tried now, because its host is away".to_owned();
                        (
                            Some(DeliveryError { retry_after: Some(wait), ..DeliveryError::away(message) }),
                            true,
                        )
                    }
                };
                if let Some(metrics) = metrics() {
                    let outcome = match (&error, is_held) {
                        (None, _) => "delivered",
                        (Some(_), false) => "failed",
                        (Some(_), true) => "held",
                    };
                    metrics.deliveries.add(1, [kind.into(), outcome.into()]);
                }
                Some(Outcome { event, subscription, attempt, error, is_held })
            });
        }
        Ok(())
    }

    /// Delivers an event, unless the breaker of its host is open.
    async fn deliver_unless_away(&self, due: Due) -> Result<Result<Sent, DeliveryError>, Paused> {
        let webhooks = &self.engine.breakers.webhooks;
        let timed_out = |_| Err(DeliveryError::away("the delivery timed out".to_owned()));
        let subscription = due.subscription_id;
        let Some(host) = webhooks.of_target(&due.kind, &due.target.0) else {
            return Ok(tokio::time::timeout(TIMEOUT, self.deliver_one(due)).await.unwrap_or_else(timed_out));
        };
        let done = match host.admit() {
            Ok(pass) => {
                let done =
                    tokio::time::timeout(TIMEOUT, self.deliver_one(due)).await.unwrap_or_else(timed_out);
                match &done {
                    // Another process will know.
                    Ok(Sent::HandedOver) => drop(pass),
                    Ok(Sent::Arrived) => pass.succeeded(),
                    Err(error) => pass.ended(error.is_away),
                }
                Ok(done)
            }
            Err(paused) => Err(paused),
        };
        if host.condition() != Condition::Closed {
            webhooks.wait(subscription, host);
        }
        done
    }

    async fn deliver_one(&self, due: Due) -> Result<Sent, DeliveryError> {
        let delivery = format!("{}/{}", due.event_id, due.subscription_id);
        if due.kind == "task" {
            let started = self.start_task(&due, &delivery).await;
            return started.map(|()| Sent::Arrived).map_err(DeliveryError::new);
        }
        let outlet = self.outlets.get(due.kind.as_str()).ok_or_else(|| {
            DeliveryError::new(format!("this installation has no outlet for `{}`", due.kind))
        })?;
        let event = OutgoingEvent {
            delivery,
            name: due.name,
            body: due.envelope,
            attempt: due.attempts.unsigned_abs(),
        };
        outlet.deliver(&due.target.0, &event).await
    }

    /// Starts a task with the event as its input. Retries create one task only.
    async fn start_task(&self, due: &Due, delivery: &str) -> Result<(), String> {
        let target: TaskTarget =
            serde_json::from_value(due.target.0.clone()).map_err(|error| error.to_string())?;
        let context = RawValue::from_string(due.envelope.clone()).map_err(|error| error.to_string())?;
        let event: Origin = serde_json::from_str(&due.envelope).map_err(|error| error.to_string())?;
        let mut request = TaskRequest::new(&target.name, context);
        request.namespace = target.namespace;
        request.version = target.version;
        request.initiator = Some("event".to_owned());
        request.source_system = event.source;
        request.reason = Some(format!("event {} {}", due.name, due.event_id));
        // An id that was accepted when ids could be longer.
        request.parent_correlation_id = event.correlationid.map(|id| cut_name(&id).to_owned());
        request.idempotency_key = Some(format!("event/{delivery}"));
        let mut created = self.engine.create_tasks(vec![request]).await;
        created.pop().map_or(Ok(()), |created| created.map(drop).map_err(|error| error.to_string()))
    }
}

impl Engine {
    /// Stores the outcomes that other processes report. One whose delivery is not of this database is dropped.
    pub(crate) async fn settle_reported_deliveries(
        &self,
        reported: Vec<EventDelivered>,
    ) -> Result<(), Error> {
        let outcome = |reported: EventDelivered| {
            let (event, subscription) = reported.delivery.split_once('/')?;
            let wait = reported.retry_after_seconds;
            let retry_after = wait.and_then(|wait| Duration::try_from_secs_f64(wait).ok());
            // PostgreSQL stores no NUL.
            let error = reported.error.map(|message| message.replace('\0', " "));
            Some(Outcome {
                event: event.parse().ok()?,
                subscription: subscription.parse().ok()?,
                attempt: reported.attempt.try_into().ok()?,
                error: error.map(|message| DeliveryError { retry_after, ..DeliveryError::new(message) }),
                is_held: false,
            })
        };
        let outcomes: Vec<Outcome> = reported.into_iter().filter_map(outcome).collect();
        if outcomes.is_empty() {
            return Ok(());
        }
        self.settle_deliveries(outcomes).await?;
        // Others may take their places.
        self.has_events.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn settle_deliveries(&self, outcomes: Vec<Outcome>) -> Result<(), Error> {
        let (mut events, mut subscriptions, mut attempts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut errors, mut waits, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for Outcome { event, subscription, attempt, error, is_held } in outcomes {
            if let Some(error) = error.as_ref().filter(|_| !is_held) {
                tracing::warn!(event, %subscription, %error, "an event could not be delivered; trying again");
            }
            events.push(event);
            subscriptions.push(subscription);
            attempts.push(attempt);
            waits.push(error.as_ref().and_then(|error| error.retry_after).map(|wait| wait.as_secs_f64()));
            errors.push(error.map(|error| error.message));
            held.push(is_held);
        }
        sqlx::query(sql!("SELECT tasker_f.settle_deliveries($1, $2, $3, $4, $5, $6)"))
            .bind(events)
            .bind(subscriptions)
            .bind(attempts)
            .bind(errors)
            .bind(waits)
            .bind(held)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
