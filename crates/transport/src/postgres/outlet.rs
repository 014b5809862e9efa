//! Sends domain events to PGMQ queues.

use async_trait::async_trait;
use tasker_pool::Pool;

use crate::{DeliveryError, OutgoingEvent, Outlet, Sent};

/// Sends events to PGMQ queues, for consumers that read PostgreSQL. Target: `{"queue": "order_events"}`. The
/// queue is created when it is subscribed.
#[derive(Debug, Clone)]
pub struct PgmqOutlet {
    pool: Pool,
}

impl PgmqOutlet {
    /// Reaches the queues of this database.
    pub fn new(pool: impl Into<Pool>) -> Self {
        Self { pool: pool.into() }
    }
}

#[async_trait]
impl Outlet for PgmqOutlet {
    async fn prepare(&self, target: &serde_json::Value) -> Result<serde_json::Value, DeliveryError> {
        let queue = event_queue(target)?;
        sqlx::query("SELECT pgmq.create($1)")
            .bind(&queue)
            .execute(&self.pool)
            .await
            .map_err(|error| DeliveryError::new(format!("queue `{queue}` could not be created: {error}")))?;
        Ok(target.clone())
    }

    async fn deliver(
        &self,
        target: &serde_json::Value,
        event: &OutgoingEvent,
    ) -> Result<Sent, DeliveryError> {
        let queue = event_queue(target)?;
        sqlx::query("SELECT pgmq.send($1, $2::jsonb)")
            .bind(&queue)
            .bind(&event.body)
            .execute(&self.pool)
            .await
            .map(|_| Sent::Arrived)
            .map_err(|error| DeliveryError::new(format!("queue `{queue}`: {error}")))
    }
}

/// The queue name in a target. Rejects Tasker's internal queues.
fn event_queue(target: &serde_json::Value) -> Result<String, DeliveryError> {
    let named =
        target.as_object().filter(|target| target.len() == 1).and_then(|target| target["queue"].as_str());
    let valid = |name: &&str| {
        (1..=40).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && !name.starts_with("tasker_")
    };
    named.filter(valid).map(str::to_owned).ok_or_else(|| {
        DeliveryError::new(
            "the target of a queue is {queue}: up to 40 lower-case letters, digits and underscores, not beginning with \
             `tasker_`"
                .to_owned(),
        )
    })
}
