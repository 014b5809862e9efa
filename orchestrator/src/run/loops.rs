//! An orchestrator's loops, and what one does whose process is only there for a moment: started for a batch of messages or
//! once a minute, and perhaps frozen in between. Such a process has no loops and does not listen.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{creations::PendingCreations, reports::Reports};
use crate::{
    database::{functions::FunctionSetUse, pool::Pool},
    engine::Engine,
    error::Error,
    events::Events,
    sweep::Swept,
    triggers::Triggers,
};

/// How often unanswered messages are marked as sent.
const MARK_INTERVAL: Duration = Duration::from_millis(500);
/// As many reports may wait before it is taken to mean that reports do not come through.
const BACKLOG: u64 = 1000;
/// When a message has gone unmarked for so long, a visit marks it, with all others that are due: far less than the time
/// after which the sweep takes a message for unsent, and seldom enough to cost nothing.
const UNMARKED: Duration = Duration::from_secs(2);

/// What is done without being asked: creations and reports taken, messages marked, events published, losses swept up.
pub(crate) struct Loops {
    pub(crate) pool: Pool,
    pub(crate) engine: Arc<Engine>,
    pub(crate) events: Arc<Events>,
    pub(crate) triggers: Arc<Triggers>,
    pub(crate) reports: Reports,
    /// How many batches of reports are worked on at once.
    pub(crate) report_loops: usize,
    pub(crate) sweep_interval: Duration,
    pub(crate) function_set: FunctionSetUse,
}

impl Loops {
    /// Runs until `stop` is cancelled, then finishes the batches at hand.
    pub(crate) async fn run(self: &Arc<Self>, creations: PendingCreations, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let (this, stopped) = (Arc::clone(self), stop.clone());
        tasks.spawn(async move { creations.run(&this.engine, stopped).await });
        for _ in 0..self.report_loops.max(1) {
            let (this, stopped) = (Arc::clone(self), stop.clone());
            tasks.spawn(async move { this.reports.run(&this.engine, stopped).await });
        }
        let marking = "marking messages as sent";
        tasks.spawn(Arc::clone(self).every(MARK_INTERVAL, stop.clone(), marking, async |this| {
            this.engine.dispatcher.mark_dispatched_lazily().await
        }));
        tasks.spawn(Arc::clone(&self.events).publish_loop(stop.clone()));
        tasks.spawn(Arc::clone(&self.events).deliver_loop(stop.clone()));
        tasks.spawn(Arc::clone(self).every(self.sweep_interval, stop, "sweeping", async |this| {
            let swept = this
                .engine
                .sweep_up(this.reports.hearing.is_good())
                .await
                .inspect_err(|_| this.reports.hearing.is_lost(this.engine.reports.visibility()))?;
            if swept != Swept::default() {
                tracing::info!(?swept, "the sweep found steps that had been lost sight of");
            }
            this.tidy().await
        }));
        tasks.close();
        tasks.wait().await;
        self.engine.reports.end_receiving().await;
        if let Err(error) = self.engine.dispatcher.mark_dispatched(Duration::ZERO).await {
            tracing::warn!(%error, "messages could not be marked as sent; they will be sent again");
        }
    }

    /// Deletes what is past its time, and notes that this build's functions are in use.
    async fn tidy(&self) -> Result<(), Error> {
        self.function_set.note(&self.pool).await?;
        self.events.forget_events().await?;
        self.triggers.forget_received_events().await
    }

    async fn every(
        self: Arc<Self>,
        interval: Duration,
        stop: CancellationToken,
        what: &'static str,
        work: impl AsyncFn(&Self) -> Result<(), Error>,
    ) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = work(&self).await {
                tracing::warn!(%error, "{what} failed; trying again");
            }
        }
    }

    /// Applies the reports that wait, and publishes the events that they caused.
    pub(crate) async fn visit_reports(&self) -> Result<(), Error> {
        self.reports.apply_waiting(&self.engine).await;
        self.leave().await?;
        if self.engine.has_events.swap(false, Ordering::Relaxed) {
            let published = self.events.publish_and_deliver().await;
            published.inspect_err(|_| self.engine.has_events.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    }

    /// One look of the safety net. Hosts count as silent only while reports come through.
    pub(crate) async fn visit_all(&self) -> Result<Swept, Error> {
        let come_through = match self.engine.reports.backlog().await {
            Ok(waiting) => waiting < BACKLOG,
            Err(error) => {
                tracing::warn!(%error, "the queue of reports cannot be asked; no host counts as silent");
                false
            }
        };
        let swept = self.engine.sweep_up(come_through).await?;
        self.events.publish_and_deliver().await?;
        self.tidy().await?;
        // The next look comes later than the time after which an unmarked message is sent once more.
        self.engine.dispatcher.mark_dispatched(Duration::ZERO).await?;
        Ok(swept)
    }

    /// Marks messages that left long ago and were not heard of.
    pub(crate) async fn leave(&self) -> Result<(), Error> {
        self.function_set.note(&self.pool).await?;
        if self.engine.dispatcher.sent.any_older_than(UNMARKED) {
            self.engine.dispatcher.mark_dispatched_lazily().await
        } else {
            Ok(())
        }
    }
}
