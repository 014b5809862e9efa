//! Delivers published events to their targets, with retries.

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde_json::{Value, value::RawValue};
use sqlx::{FromRow, Row as _, postgres::PgRow, types::Json};
use tasker_templates::cut_name;
use tasker_transport::{DeliveryError, OutgoingEvent};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{outbox::Events, subscribe::TaskTarget};
use crate::{create::TaskRequest, database::set::sql, error::Error};

/// How many deliveries run at once, and approximately how many of them per subscription.
const CONCURRENT: usize = 64;
const EACH: usize = 8;
/// How long to wait before looking for due deliveries again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The timeout of one delivery: less than the minute for which `take_deliveries` takes it.
const TIMEOUT: Duration = Duration::from_secs(45);

#[derive(Debug)]
struct Due {
    event_id: i64,
    subscription_id: Uuid,
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

/// Running deliveries, with a limit per subscription, so that a slow subscriber does not block the others.
#[derive(Default)]
struct UnderWay {
    deliveries: JoinSet<Delivered>,
    by_subscription: HashMap<Uuid, usize>,
}

struct Delivered {
    event: i64,
    subscription: Uuid,
    error: Option<DeliveryError>,
}

impl UnderWay {
    /// Waits for the next delivery to end, and returns it with all others that have ended. Pending while none runs.
    async fn ended(&mut self) -> Vec<Delivered> {
        let Some(first) = self.deliveries.join_next().await else { return std::future::pending().await };
        let mut ended: Vec<Delivered> = first.into_iter().collect();
        while let Some(more) = self.deliveries.try_join_next() {
            ended.extend(more);
        }
        for delivered in &ended {
            if let Some(count) = self.by_subscription.get_mut(&delivered.subscription) {
                *count = count.saturating_sub(1);
            }
        }
        self.by_subscription.retain(|_, count| *count > 0);
        ended
    }

    fn busy(&self) -> Vec<Uuid> {
        let busy = self.by_subscription.iter().filter(|(_, count)| **count >= EACH);
        busy.map(|(subscription, _)| *subscription).collect()
    }
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
                ended = under_way.ended() => self.settle_deliveries(ended).await,
                () = self.deliverable.notified() => Ok(()),
                // Failed deliveries become due during this wait.
                () = tokio::time::sleep(LOOK_AGAIN) => Ok(()),
            };
            if let Err(error) = settled {
                tracing::warn!(%error, "results of deliveries could not be stored; they will be sent again");
            }
        }
    }

    /// Delivers everything that is due.
    pub(super) async fn deliver_all(self: &Arc<Self>) -> Result<(), Error> {
        let mut under_way = UnderWay::default();
        loop {
            self.start_deliveries(&mut under_way).await?;
            if under_way.deliveries.is_empty() {
                return Ok(());
            }
            let ended = under_way.ended().await;
            self.settle_deliveries(ended).await?;
        }
    }

    /// Starts as many due deliveries as the limits allow.
    async fn start_deliveries(self: &Arc<Self>, under_way: &mut UnderWay) -> Result<(), Error> {
        let room = CONCURRENT.saturating_sub(under_way.deliveries.len());
        if room == 0 {
            return Ok(());
        }
        let due: Vec<Due> = sqlx::query_as(sql!("SELECT * FROM tasker_f.take_deliveries($1, $2, $3)"))
            .bind(room as i32)
            .bind(EACH as i32)
            .bind(under_way.busy())
            .fetch_all(&self.pool)
            .await?;
        for delivery in due {
            let this = Arc::clone(self);
            *under_way.by_subscription.entry(delivery.subscription_id).or_default() += 1;
            under_way.deliveries.spawn(async move {
                let (event, subscription) = (delivery.event_id, delivery.subscription_id);
                let done = tokio::time::timeout(TIMEOUT, this.deliver_one(delivery)).await;
                let timed_out = |_| Err(DeliveryError::new("the delivery timed out".to_owned()));
                let error = done.unwrap_or_else(timed_out).err();
                Delivered { event, subscription, error }
            });
        }
        Ok(())
    }

    async fn settle_deliveries(&self, ended: Vec<Delivered>) -> Result<(), Error> {
        let (mut events, mut subscriptions) = (Vec::new(), Vec::new());
        let (mut errors, mut waits) = (Vec::new(), Vec::new());
        for Delivered { event, subscription, error } in ended {
            if let Some(error) = &error {
                tracing::warn!(event, %subscription, %error, "an event could not be delivered; trying again");
            }
            events.push(event);
            subscriptions.push(subscription);
            waits.push(error.as_ref().and_then(|error| error.retry_after).map(|wait| wait.as_secs_f64()));
            errors.push(error.map(|error| error.message));
        }
        sqlx::query(sql!("SELECT tasker_f.settle_deliveries($1, $2, $3, $4)"))
            .bind(events)
            .bind(subscriptions)
            .bind(errors)
            .bind(waits)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn deliver_one(&self, due: Due) -> Result<(), DeliveryError> {
        let delivery = format!("{}/{}", due.event_id, due.subscription_id);
        if due.kind == "task" {
            return self.start_task(&due, &delivery).await.map_err(DeliveryError::new);
        }
        let outlet = self.outlets.get(due.kind.as_str()).ok_or_else(|| {
            DeliveryError::new(format!("this installation has no outlet for `{}`", due.kind))
        })?;
        let event = OutgoingEvent { delivery, name: due.name, body: due.envelope };
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
