//! Deliveries that are on their way to a subscriber, or were given up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Row, postgres::PgRow};
use utoipa::ToSchema;

use super::outbox::Events;
use crate::{database::set::sql, error::Error, slice::Slice};

/// An event on its way to a subscriber. One that has arrived is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventDeliveryState {
    /// The event.
    pub event_id: i64,
    /// How often the delivery was tried.
    pub attempts: i32,
    /// When it is tried next. None: it was given up.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

impl Events {
    /// Returns the deliveries of a subscription that have not arrived, the newest event first.
    ///
    /// # Errors
    /// [`Error::NoSuchSubscription`].
    pub async fn deliveries(&self, name: &str, slice: Slice<i64>) -> Result<Vec<EventDeliveryState>, Error> {
        let subscription = self.subscription(name).await?.subscription_id;
        let rows = sqlx::query(
            "SELECT event_id, attempts, next_attempt_at, last_error FROM tasker.deliveries
             WHERE subscription_id = $1 AND ($2::bigint IS NULL OR event_id < $2) ORDER BY event_id DESC LIMIT $3",
        )
        .bind(subscription)
        .bind(slice.after)
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(state).collect()
    }

    /// Tries a delivery again at once, with all its attempts.
    ///
    /// # Errors
    /// [`Error::NoSuchSubscription`]; [`Error::Refused`] if the event has arrived, or is being delivered.
    pub async fn retry_delivery(&self, name: &str, event: i64) -> Result<EventDeliveryState, Error> {
        let subscription = self.subscription(name).await?.subscription_id;
        let row = sqlx::query(sql!(
            "UPDATE tasker.deliveries SET attempts = 0, next_attempt_at = tasker_f.now()
             WHERE subscription_id = $1 AND event_id = $2
                 -- One that is under way has no error yet.
                 AND (next_attempt_at IS NULL OR next_attempt_at <= tasker_f.now() OR last_error IS NOT NULL)
             RETURNING event_id, attempts, next_attempt_at, last_error"
        ))
        .bind(subscription)
        .bind(event)
        .fetch_optional(&self.pool)
        .await?;
        let arrived = || {
            Error::Refused(format!(
                "event {event} does not wait for `{name}`: it has arrived, is being delivered just now, or never was"
            ))
        };
        let state = state(&row.ok_or_else(arrived)?)?;
        self.deliverable.notify_one();
        Ok(state)
    }
}

fn state(row: &PgRow) -> Result<EventDeliveryState, Error> {
    Ok(EventDeliveryState {
        event_id: row.try_get("event_id")?,
        attempts: row.try_get("attempts")?,
        next_attempt_at: row.try_get("next_attempt_at")?,
        last_error: row.try_get("last_error")?,
    })
}
