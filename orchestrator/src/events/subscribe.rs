//! Who wants to hear of events, and where they want to hear of them.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Row, postgres::PgRow, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::outbox::Events;
use crate::{catalog::TemplateName, database::set::sql, error::Error, text::check_text};

/// How a subscriber hears of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionKind {
    /// By a signed HTTP request: target `{"url": "...", "secret": "..."}`; a secret is made up when absent.
    Webhook,
    /// By a message in a queue: target `{"queue": "..."}`.
    Queue,
    /// By a message to a topic of SNS: target `{"topic": "..."}`.
    Topic,
    /// By an entry on a bus of EventBridge: target `{"bus": "..."}`.
    EventBus,
    /// By a task that is started with the event as its input: target `{"name": "...", "namespace": "..."}`.
    Task,
}

impl SubscriptionKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Webhook, Self::Queue, Self::Topic, Self::EventBus, Self::Task];

    /// Its name everywhere outside Rust.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::EventBus => "event_bus",
            Self::Task => "task",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// A request to hear of events.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionRequest {
    /// What to call it.
    pub name: String,
    /// The name of an event, or the beginning of names followed by `*`.
    pub event: String,
    /// How to hear of it.
    pub kind: SubscriptionKind,
    /// Where.
    pub target: Value,
}

/// Somebody who hears of events.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// The subscription.
    pub subscription_id: Uuid,
    /// What it is called.
    pub name: String,
    /// The name of an event, or the beginning of names followed by `*`.
    pub event: String,
    /// How it hears of it.
    pub kind: SubscriptionKind,
    /// Where. A secret is shown only when it is made.
    #[schema(value_type = Object)]
    pub target: Value,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Which task an event starts.
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
    /// Subscribes. From now on events of that name go there.
    pub async fn subscribe(&self, request: SubscriptionRequest) -> Result<Subscription, Error> {
        let invalid = |field, message: String| Error::InvalidRequest { field, message };
        check_text("name", &request.name)?;
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
            let message = format!("there is a subscription `{}` already; remove it first", request.name);
            return Err(Error::Refused(message));
        };
        Ok(Subscription { target, ..subscription(&row)? })
    }

    /// Ends a subscription, given by its name. What is on its way to it does not arrive.
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

    /// All subscriptions, by name.
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        let rows =
            sqlx::query("SELECT * FROM tasker.subscriptions ORDER BY name").fetch_all(&self.pool).await?;
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
