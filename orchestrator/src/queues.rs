//! How much waits in the queues between orchestrators and hosts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tasker_transport::{Queue, QueueError};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::{condition::PATIENCE, error::Error};

/// How long an answer is returned again: pages ask every other second.
const FRESH: Duration = Duration::from_secs(2);

/// How many messages a queue holds, approximately. Of a queue in PostgreSQL, only the oldest 100,000 are counted.
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

/// The queues between orchestrators and hosts.
pub struct Queues {
    steps: Arc<dyn Queue>,
    reports: Arc<dyn Queue>,
    /// What they held when they were last asked.
    last: Mutex<Option<(Instant, Vec<QueueDepth>)>>,
}

impl Queues {
    pub(crate) fn new(steps: Arc<dyn Queue>, reports: Arc<dyn Queue>) -> Self {
        Self { steps, reports, last: Mutex::default() }
    }

    /// Returns how much waits in the queues.
    ///
    /// # Errors
    /// A queue does not respond in time.
    pub async fn depths(&self) -> Result<Vec<QueueDepth>, Error> {
        // Held while the queues are asked, so that they are asked once for all who wait.
        let mut last = self.last.lock().await;
        if let Some((at, depths)) = &*last
            && at.elapsed() < FRESH
        {
            return Ok(depths.clone());
        }
        let mut depths = Vec::with_capacity(2);
        for (name, queue) in [("steps", &self.steps), ("reports", &self.reports)] {
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
        *last = Some((Instant::now(), depths.clone()));
        Ok(depths)
    }
}
