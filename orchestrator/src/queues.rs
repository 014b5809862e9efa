//! How much waits in the queues between orchestrators and hosts.

use serde::{Deserialize, Serialize};
use tasker_transport::QueueError;
use utoipa::ToSchema;

use crate::{condition::PATIENCE, engine::Engine, error::Error};

/// How many messages a queue holds, approximately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueDepth {
    /// `steps`, the work for hosts, or `reports`, what comes back from them.
    pub name: String,
    /// The messages that wait to be received.
    pub ready: u64,
    /// The messages that nobody may receive yet, such as timers of retries.
    pub delayed: u64,
    /// The messages that were received and are not acknowledged, or wait to be received again.
    pub in_flight: u64,
    /// For how long the oldest of those that wait has been there, in seconds. SQS does not tell.
    pub oldest_seconds: Option<f64>,
}

impl Engine {
    /// Returns how much waits in the queues.
    ///
    /// # Errors
    /// A queue does not respond in time.
    pub async fn queue_depths(&self) -> Result<Vec<QueueDepth>, Error> {
        let mut depths = Vec::with_capacity(2);
        for (name, queue) in [("steps", &self.dispatcher.steps), ("reports", &self.reports)] {
            let depth = tokio::time::timeout(PATIENCE, queue.depth()).await.unwrap_or_else(|_| {
                Err(QueueError::Unavailable { queue: name.to_owned(), source: "it does not respond".into() })
            })?;
            depths.push(QueueDepth {
                name: name.to_owned(),
                ready: depth.ready,
                delayed: depth.delayed,
                in_flight: depth.in_flight,
                oldest_seconds: depth.oldest.map(|age| age.as_secs_f64()),
            });
        }
        Ok(depths)
    }
}
