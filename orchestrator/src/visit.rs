//! What an orchestrator does whose process is only there for a moment: started for a batch of messages, or once a minute,
//! and perhaps frozen in between. It has no loops and does not listen.

use std::{sync::atomic::Ordering, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{Orchestrator, PendingCreations, Swept, error::Error};

/// As many reports may wait before it is taken to mean that reports do not come through.
const BACKLOG: u64 = 1000;

impl Orchestrator {
    /// Applies the reports that wait, publishes what they made known, and leaves nothing for later.
    pub async fn visit_reports(&self) -> Result<(), Error> {
        self.apply_waiting().await;
        self.leave().await
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

    /// To be called when there is nothing more to do for now: what would be done a little later is done now.
    pub async fn leave(&self) -> Result<(), Error> {
        self.mark_dispatched(Duration::ZERO).await?;
        if self.has_events.swap(false, Ordering::Relaxed) {
            self.publish_and_deliver()
                .await
                .inspect_err(|_| self.has_events.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    }

    /// Only answers requests to create tasks, until `stop` is cancelled.
    pub async fn run_creations(&self, creations: PendingCreations, stop: CancellationToken) {
        self.clone().create_loop(creations, stop).await;
    }
}
