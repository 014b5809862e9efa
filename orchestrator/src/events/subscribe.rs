//! Subscriptions: which events go to which targets.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Row, postgres::PgRow, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::outbox::Events;
use crate::{catalog::TemplateName, database::set::sql, error::Error, slice::Slice, text::check_identifier};

/// The kind of a subscription's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionKind {
    /// A signed HTTP request. Target: `{"url": "...", "secret": "..."}`. Without a secret, one is generated.
    Webhook,
    /// A message to a queue. Target: `{"queue": "..."}`.
    Queue,
    /// A message to an SNS topic. Target: `{"topic": "..."}`.
    Topic,
    /// An entry on an EventBridge bus. Target: `{"bus": "..."}`.
    EventBus,
    /// A task with the event as its input. Target: `{"name": "...", "namespace": "..."}`.
    Task,
}

impl SubscriptionKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Webhook, Self::Queue, Self::Topic, Self::EventBus, Self::Task];

    /// The name of the kind outside Rust.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::EventBus => "event_bus",
            Self::Task => "task",
        }
    }

    /// Returns the kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// A request to subscribe to events.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionRequest {
    /// The name of the subscription.
    pub name: String,
    /// The name of an event, or a prefix followed by `*`.
    pub event: String,
    /// The kind of the target.
    pub kind: SubscriptionKind,
    /// The target.
    #[schema(value_type = Object)]
    pub target: Value,
}

/// A subscription to events.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// The id of the subscription.
    pub subscription_id: Uuid,
    /// The name of the subscription.
    pub name: String,
    /// The name of an event, or a prefix followed by `*`.
    pub event: String,
    /// The kind of the target.
    pub kind: SubscriptionKind,
    /// The target. A secret is returned only on creation.
    #[schema(value_type = Object)]
    pub target: Value,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// The task that an event starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskTarget {
    pub(super) name: String,
    #[serde(default = "default_namespace")]
    pub(super) namespace: String,
    #[serde(default)]
    pub(super) version: Option<String>,
}

fn default_namespace() -> String {
    "default".to_owned()
}

impl Events {
    /// Creates a subscription. Events that are published from now on are delivered to it.
    pub async fn subscribe(&self, request: SubscriptionRequest) -> Result<Subscription, Error> {
        let invalid = |field, message: String| Error::InvalidRequest { field, message };
        check_identifier("name", &request.name)?;
        let letters = request.event.strip_suffix('*').unwrap_or(&request.event);
        let is_letter =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_.".contains(letter);
        if request.event.is_empty() || !letters.chars().all(is_letter) {
            let message = "must be an event's name (lower-case letters, digits, `_` and `.`), or the beginning of names \
                           followed by `*`";
            return Err(invalid("event", message.to_owned()));
        }
        if request.kind == SubscriptionKind::Task && request.event.starts_with("tasker.") {
            let message =
                "cannot start a task when a task ends: the new one would end too, and start another";
            return Err(invalid("event", message.to_owned()));
        }
        let target = match request.kind {
            SubscriptionKind::Task => {
                let target: TaskTarget = serde_json::from_value(request.target).map_err(|error| {
                    invalid("target", format!("of a task is {{name, namespace}}: {error}"))
                })?;
                let name = TemplateName {
                    namespace: target.namespace.clone(),
                    name: target.name.clone(),
                    version: target.version.clone(),
                };
                self.catalog.refresh().await?;
                self.catalog.resolve(&name).await?;
                serde_json::to_value(target).map_err(|error| invalid("target", error.to_string()))?
            }
            kind => {
                let outlet = self.outlets.get(kind.as_str()).ok_or_else(|| {
                    invalid("kind", format!("`{}` is not available in this installation", kind.as_str()))
                })?;
                outlet.prepare(&request.target).await.map_err(|error| invalid("target", error.to_string()))?
            }
        };
        let row = sqlx::query(sql!(
            "INSERT INTO tasker.subscriptions (subscription_id, name, event, kind, target, created_at)
             VALUES ($1, $2, $3, $4, $5, tasker_f.now()) ON CONFLICT (name) DO NOTHING RETURNING *"
        ))
        .bind(Uuid::now_v7())
        .bind(&request.name)
        .bind(&request.event)
        .bind(request.kind.as_str())
        .bind(Json(&target))
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else {
            let message = format!("a subscription `{}` already exists; remove it first", request.name);
            return Err(Error::Refused(message));
        };
        Ok(Subscription { target, ..subscription(&row)? })
    }

    /// Deletes a subscription by its name. Its pending deliveries are dropped.
    pub async fn unsubscribe(&self, name: &str) -> Result<(), Error> {
        let done = sqlx::query("DELETE FROM tasker.subscriptions WHERE name = $1")
            .bind(name)
            .execute(&self.pool)
            .await?;
        if done.rows_affected() == 0 {
            return Err(Error::NoSuchSubscription(name.to_owned()));
        }
        Ok(())
    }

    /// Returns a subscription.
    ///
    /// # Errors
    /// [`Error::NoSuchSubscription`].
    pub async fn subscription(&self, name: &str) -> Result<Subscription, Error> {
        let row = sqlx::query("SELECT * FROM tasker.subscriptions WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        subscription(&row.ok_or_else(|| Error::NoSuchSubscription(name.to_owned()))?)
    }

    /// Returns subscriptions, sorted by name.
    pub async fn subscriptions(&self, slice: Slice<String>) -> Result<Vec<Subscription>, Error> {
        let rows = sqlx::query(
            "SELECT * FROM tasker.subscriptions WHERE $1::text IS NULL OR name > $1 ORDER BY name LIMIT $2",
        )
        .bind(&slice.after)
        .bind(slice.sql_limit())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(subscription).collect()
    }
}

fn subscription(row: &PgRow) -> Result<Subscription, Error> {
    let kind: String = row.try_get("kind")?;
    let Json(mut target): Json<Value> = row.try_get("target")?;
    if let Some(secret) = target.get_mut("secret") {
        *secret = Value::from("***");
    }
    Ok(Subscription {
        subscription_id: row.try_get("subscription_id")?,
        name: row.try_get("name")?,
        event: row.try_get("event")?,
        kind: SubscriptionKind::from_name(&kind)
            .ok_or_else(|| Error::Damaged(format!("a subscription of the unknown kind `{kind}`")))?,
        target,
        created_at: row.try_get("created_at")?,
    })
}
