//! What an orchestrator does whose process is only there for a moment: started for a batch of messages, or once a minute,
//! and perhaps frozen in between. It has no loops and does not listen.

use std::{sync::atomic::Ordering, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{Orchestrator, PendingCreations, Swept, error::Error};

/// As many reports may wait before it is taken to mean that reports do not come through.
const BACKLOG: u64 = 1000;

impl Orchestrator {
    /// Applies the reports that wait, and publishes what they made known.
    pub async fn visit_reports(&self) -> Result<(), Error> {
        self.apply_waiting().await;
        self.leave().await?;
        if self.has_events.swap(false, Ordering::Relaxed) {
            let published = self.publish_and_deliver().await;
            published.inspect_err(|_| self.has_events.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    }

    /// One look of the safety net. Hosts are held silent only while reports come through.
    pub async fn visit_all(&self) -> Result<Swept, Error> {
        let come_through = match self.reports.backlog().await {
            Ok(waiting) => waiting < BACKLOG,
            Err(error) => {
                tracing::warn!(%error, "the queue of reports cannot be asked; no host is held silent");
                false
            }
        };
        let swept = self.sweep_up(come_through).await?;
        self.publish_and_deliver().await?;
        self.forget_events().await?;
        self.forget_received_events().await?;
        self.leave().await?;
        Ok(swept)
    }

    /// To be called when there is nothing more to do for now: messages that have left are marked so now, and not a little
    /// later.
    pub async fn leave(&self) -> Result<(), Error> {
        self.mark_dispatched(Duration::ZERO).await
    }

    /// Only answers requests to create tasks, until `stop` is cancelled.
    pub async fn run_creations(&self, creations: PendingCreations, stop: CancellationToken) {
        self.clone().create_loop(creations, stop).await;
    }
}
