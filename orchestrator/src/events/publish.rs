//! Publishes events from the outbox: checks each against its schema, and creates a delivery per subscriber.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{
    PgConnection, Row,
    postgres::{PgListener, PgNotification, PgRow},
};
use tasker_telemetry::metrics;
use tasker_templates::{faults, validator};
use tasker_transport::BlobError;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use uuid::Uuid;

use super::outbox::Events;
use crate::{
    catalog::Release,
    database::{columns::payload, refusal::is_about_data, set::sql},
    error::Error,
    slice::Slice,
};

/// How many events one transaction publishes.
const BATCH: i32 = 100;
/// How long to wait for a notification of new events before looking anyway.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The notification channels: the outbox is not empty; events were published, by id.
const WRITTEN: &str = "tasker_outbox";
const TOLD: &str = "tasker_event_ids";
/// Processes of 0.1.0 publish whole events on this channel.
const TOLD_BY_0_1_0: &str = "tasker_events";
/// How many notifications are handled at once.
const NOTIFICATIONS: usize = 200;

/// A written event and the state of its deliveries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Published {
    /// The id of the event; later events have higher ids.
    pub event_id: i64,
    /// The event's name.
    pub name: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The task.
    pub task_id: Uuid,
    /// When it was processed: its deliveries were created, or it was rejected with an error.
    pub published_at: Option<DateTime<Utc>>,
    /// Why it was rejected. None if it was published.
    pub error: Option<String>,
    /// The number of deliveries that are not yet done.
    pub pending_deliveries: i64,
    /// The number of deliveries that were given up.
    pub failed_deliveries: i64,
    /// The error of the last failed delivery.
    pub last_error: Option<String>,
}

impl Events {
    /// Publishes until `stop` is cancelled.
    pub(crate) async fn publish_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut listener = None;
        loop {
            if let Err(error) = self.publish_all().await {
                tracing::warn!(%error, "events could not be published; trying again");
            }
            if listener.is_none() {
                listener = self.listen().await;
            }
            let heard = async {
                match &mut listener {
                    Some(listener) => listener.recv().await.ok(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                first = heard => match (first, &mut listener) {
                    (Some(first), Some(open)) => {
                        let mut heard = vec![first];
                        while heard.len() < NOTIFICATIONS
                            && let Some(Ok(more)) = open.recv().now_or_never()
                        {
                            heard.push(more);
                        }
                        self.tell(&heard).await;
                    }
                    _ => listener = None,
                },
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Passes the events of these notifications on to the listeners of this process.
    async fn tell(&self, heard: &[PgNotification]) {
        if self.told.receiver_count() == 0 {
            return;
        }
        let whole = heard.iter().filter(|notification| notification.channel() == TOLD_BY_0_1_0);
        for notification in whole.filter(|notification| notification.payload().starts_with('{')) {
            let _ = self.told.send(notification.payload().into());
        }
        // Any role may notify, so a payload in another format is no error.
        let ids = |kind| -> Vec<i64> {
            let told = heard.iter().filter(|notification| notification.channel() == TOLD);
            told.filter_map(|notification| notification.payload().strip_prefix(kind)?.parse().ok()).collect()
        };
        let (outbox, fast) = (ids("outbox "), ids("fast "));
        if outbox.is_empty() && fast.is_empty() {
            return;
        }
        let events: Result<Vec<String>, _> = sqlx::query_scalar(sql!("SELECT tasker_f.told_events($1, $2)"))
            .bind(outbox)
            .bind(fast)
            .fetch_all(&self.pool)
            .await;
        match events {
            Ok(events) => events.into_iter().for_each(|event| drop(self.told.send(event.into()))),
            Err(error) => tracing::warn!(%error, "events could not be read; the listeners miss them"),
        }
    }

    /// Opens one connection for all listeners of this process.
    async fn listen(&self) -> Option<PgListener> {
        let mut listener = self.pool.listener().await.ok()?;
        listener.listen_all([WRITTEN, TOLD, TOLD_BY_0_1_0]).await.ok()?;
        Some(listener)
    }

    /// Publishes and delivers all waiting events.
    pub async fn publish_and_deliver(self: &Arc<Self>) -> Result<(), Error> {
        self.publish_all().await?;
        self.deliver_all().await
    }

    async fn publish_all(&self) -> Result<(), Error> {
        loop {
            let count = self.publish(BATCH).await?;
            if count > 0 {
                self.deliverable.notify_one();
            }
            if count < BATCH as usize {
                return Ok(());
            }
        }
    }

    /// Publishes the next events, at most `limit`. Returns how many there were. If the database rejects them, publishes
    /// each half by itself, so that one bad event does not block the others.
    async fn publish(&self, limit: i32) -> Result<usize, Error> {
        let (mut transaction, rows) = loop {
            let mut transaction = self.pool.begin().await?;
            let rows = sqlx::query(sql!("SELECT * FROM tasker_f.take_events($1)"))
                .bind(limit)
                .fetch_all(&mut *transaction)
                .await?;
            if rows.is_empty() {
                return Ok(0);
            }
            let releases =
                rows.iter().map(|row| row.try_get("release_id")).collect::<Result<Vec<Uuid>, _>>()?;
            if self.catalog.knows(&releases) {
                break (transaction, rows);
            }
            // This connection may be the only one, so release it first.
            transaction.rollback().await?;
            self.catalog.releases(releases.into_iter()).await?;
        };
        let (mut ids, mut bodies, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            let (body, error) = match self.prepare_event(row).await? {
                Ok(body) => (body, None),
                Err(error) => (row.try_get("event")?, Some(error)),
            };
            ids.push(row.try_get::<i64, _>("event_id")?);
            bodies.push(body);
            errors.push(error);
        }
        match write(&mut transaction, &ids, &bodies, &errors).await {
            Err(sqlx::Error::Database(error)) if is_about_data(&*error) => {
                transaction.rollback().await?;
                if let [id] = *ids {
                    tracing::warn!(event = id, %error, "the database cannot store an event");
                    let mut transaction = self.pool.begin().await?;
                    let error = format!("the database cannot store it: {error}");
                    write(&mut transaction, &[id], &[String::new()], &[Some(error)]).await?;
                    transaction.commit().await?;
                } else {
                    let half = ids.len() as i32 / 2;
                    Box::pin(self.publish(half)).await?;
                    Box::pin(self.publish(ids.len() as i32 - half)).await?;
                }
            }
            written => {
                written?;
                transaction.commit().await?;
                if let Some(metrics) = metrics() {
                    let refused = errors.iter().flatten().count();
                    metrics.domain_events.add((ids.len() - refused) as u64, ["published".into()]);
                    metrics.domain_events.add(refused as u64, ["refused".into()]);
                }
            }
        }
        Ok(ids.len())
    }

    /// Returns the event as subscribers receive it. The inner error states why it cannot be published.
    async fn prepare_event(&self, row: &PgRow) -> Result<Result<String, String>, Error> {
        let release: Uuid = row.try_get("release_id")?;
        let (name, mut event): (String, String) = (row.try_get("name")?, row.try_get("event")?);
        // An event of a task; no schema is declared for it.
        let Some(template_step) = row.try_get::<Option<i32>, _>("template_step")? else {
            return Ok(Ok(event));
        };
        let template_step = template_step.unsigned_abs() as usize;
        let inline: Option<String> = row.try_get("payload")?;
        let has_blob = inline.is_none();
        let data = match payload(inline, row.try_get("payload_blob")?) {
            Ok(data) => data,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let data = match self.blobs.check_out(data).await {
            Ok(data) => data,
            Err(error @ BlobError::Unavailable { .. }) => return Err(error.into()),
            Err(error @ BlobError::Denied { .. }) if row.try_get("is_young")? => return Err(error.into()),
            // A permanent error: this event must not block the others.
            Err(error) => return Ok(Err(error.to_string())),
        };
        let data = data.inline().unwrap_or("null");
        if has_blob {
            let mut whole: serde_json::Map<String, Value> =
                serde_json::from_str(&event).map_err(|error| Error::Damaged(format!("event: {error}")))?;
            whole.insert("data".to_owned(), serde_json::from_str(data).unwrap_or_default());
            event = Value::Object(whole).to_string();
        }
        let releases = self.catalog.releases([release].into_iter()).await?;
        let Some(schema) = schema_of(&releases[&release], template_step, &name) else { return Ok(Ok(event)) };
        let faults = match (validator(&schema), serde_json::from_str::<Value>(data)) {
            (Ok(validator), Ok(data)) => faults(&validator, &data),
            (Err(error), _) => vec![error],
            (_, Err(error)) => vec![error.to_string()],
        };
        if faults.is_empty() {
            return Ok(Ok(event));
        }
        let message = format!("the payload does not fit the schema of `{name}`:\n{}", faults.join("\n"));
        tracing::warn!(event = name, reason = %message, "an event could not be published");
        Ok(Err(message))
    }

    /// Returns events, newest first, by their id.
    pub async fn events(&self, slice: Slice<i64>) -> Result<Vec<Published>, Error> {
        let rows = sqlx::query(
            "SELECT e.event_id, e.name, e.at, e.task_id, e.published_at, e.error, d.pending, d.failed, d.last_error
             FROM tasker.events e
             CROSS JOIN LATERAL (
                 SELECT count(*) FILTER (WHERE next_attempt_at IS NOT NULL) AS pending,
                        count(*) FILTER (WHERE next_attempt_at IS NULL) AS failed, max(last_error) AS last_error
                 FROM tasker.deliveries WHERE event_id = e.event_id) AS d
             WHERE $1::bigint IS NULL OR e.event_id < $1
             ORDER BY e.event_id DESC LIMIT $2",
        )
        .bind(slice.after)
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok(Published {
                event_id: row.try_get("event_id")?,
                name: row.try_get("name")?,
                at: row.try_get("at")?,
                task_id: row.try_get("task_id")?,
                published_at: row.try_get("published_at")?,
                error: row.try_get("error")?,
                pending_deliveries: row.try_get("pending")?,
                failed_deliveries: row.try_get("failed")?,
                last_error: row.try_get("last_error")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Returns the events published from now on, while [`crate::Orchestrator::run`] runs: CloudEvents in JSON. A listener
    /// that falls behind misses some.
    pub fn told_events(&self) -> broadcast::Receiver<Arc<str>> {
        self.told.subscribe()
    }

    /// Deletes events that were published more than a day ago and have no delivery left, 10,000 at most. Deletes given-up
    /// deliveries two weeks after their event, and fast events after five minutes.
    pub(crate) async fn forget_events(&self) -> Result<(), Error> {
        for forget in [
            sql!(
                "DELETE FROM tasker.deliveries WHERE (event_id, subscription_id) IN (
                     SELECT d.event_id, d.subscription_id FROM tasker.events e
                     JOIN tasker.deliveries d ON d.event_id = e.event_id AND d.next_attempt_at IS NULL
                     WHERE e.published_at < tasker_f.now() - interval '14 days' LIMIT 10000)"
            ),
            sql!(
                "DELETE FROM tasker.events WHERE event_id IN (
                     SELECT event_id FROM tasker.events WHERE published_at < tasker_f.now() - interval '1 day'
                       AND NOT EXISTS (SELECT 1 FROM tasker.deliveries d WHERE d.event_id = events.event_id)
                     ORDER BY published_at LIMIT 10000)"
            ),
            sql!("DELETE FROM tasker.fast_events WHERE at < tasker_f.now() - interval '5 minutes'"),
        ] {
            sqlx::query(forget).execute(&self.pool).await?;
        }
        Ok(())
    }
}

/// Stores events as published, with the error of those that have one.
async fn write(
    transaction: &mut PgConnection,
    ids: &[i64],
    bodies: &[String],
    errors: &[Option<String>],
) -> Result<(), sqlx::Error> {
    let publish = sqlx::query(sql!("SELECT tasker_f.publish_events($1, $2, $3)"));
    publish.bind(ids).bind(bodies).bind(errors).execute(transaction).await?;
    Ok(())
}

/// Returns the schema of an event's payload: the step's own, or the template's.
fn schema_of(release: &Release, step: usize, name: &str) -> Option<Value> {
    let published =
        release.template.steps.get(step)?.publishes_events.iter().find(|event| event.name == name);
    let declared = release.template.domain_events.iter().find(|event| event.name == name);
    published
        .and_then(|event| event.schema.clone())
        .or_else(|| declared.and_then(|event| event.schema.clone()))
}
