//! The loops of an orchestrator, and the visits that replace them in a process that is invoked for a batch of
//! messages or once a minute and may be frozen in between.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{creations::PendingCreations, reports::Reports};
use tasker_pool::Pool;

use crate::{
    access::{Repeatable, Sessions, Trail},
    analytics::Analytics,
    bulk::Bulk,
    database::functions::FunctionSetUse,
    engine::Engine,
    error::Error,
    events::Events,
    measure::Observer,
    sweep::Swept,
    triggers::Triggers,
};

/// How often messages without a report are marked as sent.
const MARK_INTERVAL: Duration = Duration::from_millis(500);
/// How often a process with loops checks whether to record the use of its functions.
const FUNCTION_SET_CHECK_INTERVAL: Duration = Duration::from_secs(600);
/// How often what the database holds is read for metrics.
const OBSERVE_INTERVAL: Duration = Duration::from_secs(15);
/// With more waiting reports than this, reports are considered not to get through.
const BACKLOG: u64 = 1000;
/// A visit marks all due messages once one has been unmarked for this long. Well below the grace time of the sweep,
/// and long enough to be cheap.
const UNMARKED: Duration = Duration::from_secs(2);

/// The background work: creates tasks, applies reports, marks messages, publishes events, works on bulk
/// operations, sweeps.
pub(crate) struct Loops {
    pub(crate) pool: Pool,
    pub(crate) engine: Arc<Engine>,
    pub(crate) events: Arc<Events>,
    pub(crate) triggers: Arc<Triggers>,
    pub(crate) trail: Arc<Trail>,
    pub(crate) repeatable: Arc<Repeatable>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) bulk: Arc<Bulk>,
    pub(crate) analytics: Arc<Analytics>,
    pub(crate) reports: Reports,
    /// How many batches of reports are applied at once.
    pub(crate) concurrent_reports: usize,
    pub(crate) sweep_interval: Duration,
    pub(crate) function_set: FunctionSetUse,
    pub(crate) observer: Observer,
}

impl Loops {
    /// Runs until `stop` is cancelled, then finishes the current batches.
    pub(crate) async fn run(self: &Arc<Self>, creations: PendingCreations, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let (this, stopped) = (Arc::clone(self), stop.clone());
        tasks.spawn(async move { creations.run(&this.engine, stopped).await });
        for _ in 0..self.concurrent_reports.max(1) {
            let (this, stopped) = (Arc::clone(self), stop.clone());
            tasks.spawn(async move { this.reports.run(&this.engine, stopped).await });
        }
        let marking = "marking messages as sent";
        tasks.spawn(Arc::clone(self).every(MARK_INTERVAL, stop.clone(), marking, async |this| {
            this.engine.dispatcher.mark_dispatched_lazily().await
        }));
        tasks.spawn(Arc::clone(&self.events).publish_loop(stop.clone()));
        tasks.spawn(Arc::clone(&self.events).deliver_loop(stop.clone()));
        tasks.spawn(Arc::clone(&self.bulk).work_loop(stop.clone()));
        // Independent of the sweep, whose failure must not make this build's functions look unused.
        tasks.spawn(Arc::clone(self).every(
            FUNCTION_SET_CHECK_INTERVAL,
            stop.clone(),
            "recording the use",
            async |this| {
                this.function_set.note(&this.pool).await;
                Ok(())
            },
        ));
        let reading = "reading what is measured";
        tasks.spawn(
            Arc::clone(self)
                .every(OBSERVE_INTERVAL, stop.clone(), reading, async |this| this.observer.observe().await),
        );
        // Beside the sweep: a history that is counted again takes its time.
        tasks.spawn(Arc::clone(self).every(
            self.sweep_interval,
            stop.clone(),
            "counting for analytics",
            async |this| this.analytics.fold().await.map(drop),
        ));
        tasks.spawn(Arc::clone(self).every(self.sweep_interval, stop, "sweeping", async |this| {
            let may_judge = this.reports.hearing.may_judge_hosts(SystemTime::now(), this.sweep_interval)
                && this.is_backlog_short().await;
            let swept = this
                .engine
                .sweep_up(may_judge)
                .await
                .inspect_err(|_| this.reports.hearing.is_lost(Duration::ZERO));
            if let Ok(swept) = &swept
                && *swept != Swept::default()
            {
                tracing::info!(?swept, "the sweep recovered lost steps");
            }
            let tidied = this.tidy().await;
            this.reports.hearing.has_swept(SystemTime::now());
            swept.map(drop).and(tidied)
        }));
        tasks.close();
        tasks.wait().await;
        self.engine.reports.end_receiving().await;
        if let Err(error) = self.engine.dispatcher.mark_dispatched(Duration::ZERO).await {
            tracing::warn!(%error, "messages could not be marked as sent; they will be sent again");
        }
    }

    /// Deletes expired data.
    async fn tidy(&self) -> Result<(), Error> {
        let events = self.events.forget_events().await;
        let received = self.triggers.forget_received_events().await;
        let accesses = self.trail.forget().await;
        let requests = self.repeatable.forget().await;
        let operations = self.bulk.forget().await;
        let hosts = self.engine.forget_hosts().await;
        let sessions = self.sessions.forget().await;
        events.and(received).and(accesses).and(requests).and(operations).and(hosts).and(sessions)
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

    /// Applies all waiting reports and publishes their events.
    pub(crate) async fn visit_reports(&self) -> Result<(), Error> {
        self.reports.apply_waiting(&self.engine).await;
        self.note_put_off().await;
        self.leave().await?;
        if self.engine.has_events.swap(false, Ordering::Relaxed) {
            let published = Box::pin(self.events.publish_and_deliver()).await;
            published.inspect_err(|_| self.engine.has_events.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    }

    /// Runs the sweep once. Hosts count as lost only while reports get through.
    pub(crate) async fn visit_all(&self) -> Result<Swept, Error> {
        self.function_set.note(&self.pool).await;
        let is_backlog_short = self.is_backlog_short().await;
        self.note_put_off().await;
        let may_judge = self.engine.may_judge_hosts().await? && is_backlog_short;
        // A part that fails must not keep the others from their work.
        let swept = Box::pin(self.engine.sweep_up(may_judge)).await;
        let published = Box::pin(self.events.publish_and_deliver()).await;
        let tidied = Box::pin(self.tidy()).await;
        let worked = Box::pin(self.bulk.visit()).await;
        // The next visit is later than the time after which an unmarked message is sent again.
        let marked = self.engine.dispatcher.mark_dispatched(Duration::ZERO).await;
        if let Err(error) = Box::pin(self.observer.observe()).await {
            tracing::warn!(%error, "what the database holds could not be read for metrics");
        }
        if let Err(error) = Box::pin(self.analytics.fold()).await {
            tracing::warn!(%error, "counting for analytics failed; trying again");
        }
        let swept = swept?;
        published.and(tidied).and(worked).and(marked)?;
        Ok(swept)
    }

    /// Stores that reports were put off, for the next sweeps.
    async fn note_put_off(&self) {
        if self.reports.were_put_off.swap(false, Ordering::Relaxed)
            && let Err(error) = self.engine.judge_no_host_for_now().await
        {
            tracing::warn!(%error, "that reports were put off could not be stored; the next sweep sees a pause instead");
        }
    }

    /// Whether few reports wait. Otherwise those of a host may be among them.
    async fn is_backlog_short(&self) -> bool {
        match self.engine.reports.backlog().await {
            Ok(waiting) => waiting < BACKLOG,
            Err(error) => {
                tracing::warn!(%error, "the backlog of reports cannot be read; no host is considered lost");
                // Nor soon after its return: the hosts cannot send any now.
                self.reports.get_lost(Duration::ZERO);
                false
            }
        }
    }

    /// Marks old messages without a report as sent.
    pub(crate) async fn leave(&self) -> Result<(), Error> {
        self.function_set.note(&self.pool).await;
        if self.engine.dispatcher.sent.any_older_than(UNMARKED) {
            self.engine.dispatcher.mark_dispatched_lazily().await
        } else {
            Ok(())
        }
    }
}
