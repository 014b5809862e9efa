//! What an orchestrator does whose process is only there for a moment: started for a batch of messages, or once a minute,
//! and perhaps frozen in between. It has no loops and does not listen.

use std::{sync::atomic::Ordering, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{Orchestrator, PendingCreations, Swept, error::Error};

/// As many reports may wait before it is taken to mean that reports do not come through.
const BACKLOG: u64 = 1000;
/// When a message has gone unmarked for so long, a visit marks it, with all others that are due: far less than the time
/// after which the sweep takes a message for unsent, and seldom enough to cost nothing.
const UNMARKED: Duration = Duration::from_secs(2);

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
        self.function_set.note(&self.pool).await?;
        self.publish_and_deliver().await?;
        self.forget_events().await?;
        self.forget_received_events().await?;
        // The next look comes later than the time after which what is not marked is sent once more.
        self.mark_dispatched(Duration::ZERO).await?;
        Ok(swept)
    }

    /// To be called when there is nothing more to do for now: of the messages that have left, marks those that have not
    /// been heard of for long. The last ones of a process that is not visited again stay unmarked, as after a crash: if
    /// their steps have not begun by then, the sweep sends them once more.
    pub async fn leave(&self) -> Result<(), Error> {
        self.function_set.note(&self.pool).await?;
        if self.sent.any_older_than(UNMARKED) { self.mark_dispatched_lazily().await } else { Ok(()) }
    }

    /// Only answers requests to create tasks, until `stop` is cancelled.
    pub async fn run_creations(&self, creations: PendingCreations, stop: CancellationToken) {
        self.clone().create_loop(creations, stop).await;
    }
}
