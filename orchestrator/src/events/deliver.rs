//! From the queue of deliveries to where they go, each until it has arrived or has failed too often.

use std::time::Duration;

use serde_json::{Value, value::RawValue};
use sqlx::{FromRow, types::Json};
use tasker_transport::OutgoingEvent;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{Orchestrator, TaskRequest, error::Error, events::subscribe::TaskTarget};

/// How many deliveries are under way at once.
const CONCURRENT: i32 = 32;
/// How long one may take: less than the minute that it is out for.
const TIMEOUT: Duration = Duration::from_secs(45);

#[derive(Debug, FromRow)]
struct Due {
    event_id: i64,
    subscription_id: Uuid,
    envelope: String,
    name: String,
    kind: String,
    target: Json<Value>,
}

impl Orchestrator {
    /// Takes the next deliveries to where they go. Answers how many there were.
    pub(super) async fn deliver(&self) -> Result<usize, Error> {
        let due: Vec<Due> = sqlx::query_as("SELECT * FROM tasker.take_deliveries($1)")
            .bind(CONCURRENT)
            .fetch_all(&self.pool)
            .await?;
        let count = due.len();
        let mut under_way = JoinSet::new();
        for delivery in due {
            let this = self.clone();
            under_way.spawn(async move {
                let (event, subscription) = (delivery.event_id, delivery.subscription_id);
                let done = tokio::time::timeout(TIMEOUT, this.deliver_one(delivery)).await;
                (event, subscription, done.unwrap_or_else(|_| Err("it took too long".to_owned())))
            });
        }
        let (mut events, mut subscriptions, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(done) = under_way.join_next().await {
            let Ok((event, subscription, done)) = done else { continue };
            if let Err(error) = &done {
                tracing::warn!(event, %subscription, error, "an event did not arrive; it will be sent again");
            }
            events.push(event);
            subscriptions.push(subscription);
            errors.push(done.err());
        }
        if count > 0 {
            sqlx::query("SELECT tasker.settle_deliveries($1, $2, $3)")
                .bind(events)
                .bind(subscriptions)
                .bind(errors)
                .execute(&self.pool)
                .await?;
        }
        Ok(count)
    }

    async fn deliver_one(&self, due: Due) -> Result<(), String> {
        let delivery = format!("{}/{}", due.event_id, due.subscription_id);
        if due.kind == "task" {
            return self.start_task(&due, &delivery).await;
        }
        let outlet = self
            .outlets
            .get(due.kind.as_str())
            .ok_or_else(|| format!("this installation has no outlet for `{}`", due.kind))?;
        let event = OutgoingEvent { delivery, name: due.name, body: due.envelope };
        outlet.deliver(&due.target.0, &event).await.map_err(|error| error.to_string())
    }

    /// Starts a task with the event as its input. However often it is tried, one task comes of it.
    async fn start_task(&self, due: &Due, delivery: &str) -> Result<(), String> {
        let target: TaskTarget =
            serde_json::from_value(due.target.0.clone()).map_err(|error| error.to_string())?;
        let context = RawValue::from_string(due.envelope.clone()).map_err(|error| error.to_string())?;
        let event: Value = serde_json::from_str(&due.envelope).map_err(|error| error.to_string())?;
        let mut request = TaskRequest::new(&target.name, context);
        request.namespace = target.namespace;
        request.version = target.version;
        request.initiator = Some("event".to_owned());
        request.source_system = event["source"].as_str().map(str::to_owned);
        request.reason = Some(format!("event {} {}", due.name, due.event_id));
        request.parent_correlation_id = event["correlationid"].as_str().map(str::to_owned);
        request.idempotency_key = Some(format!("event/{delivery}"));
        let mut created = self.create_tasks(vec![request]).await;
        created.pop().map_or(Ok(()), |created| created.map(drop).map_err(|error| error.to_string()))
    }
}
