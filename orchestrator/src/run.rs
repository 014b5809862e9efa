//! The orchestrator's loops: each takes what is waiting, works on it as one batch, and takes what came meanwhile.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tasker_protocol::{OrchestratorMessage, decode};
use tasker_transport::{BlobError, Delivery, Receipt};
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Orchestrator,
    create::{Creation, TaskRequest},
    error::Error,
};

/// How many creations one transaction takes at most.
const CREATION_BATCH: usize = 128;
/// How many reports one transaction takes at most.
const REPORT_BATCH: usize = 128;
/// How long one call waits for reports before it asks again.
const RECEIVE_WAIT: Duration = Duration::from_secs(10);
/// How long after a failure of the database the same work is tried again.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// How often unanswered messages are marked as sent.
const MARK_INTERVAL: Duration = Duration::from_millis(500);
/// A message that could not be read this often is no message.
const MAX_RECEIVES: u32 = 5;

/// A request to create a task, and where its answer goes.
pub(crate) type PendingCreation = (TaskRequest, oneshot::Sender<Result<Creation, Error>>);

impl Orchestrator {
    /// Creates one task. Requests made at the same time share a transaction.
    pub async fn create_task(&self, request: TaskRequest) -> Result<Creation, Error> {
        let (sender, answer) = oneshot::channel();
        self.creations.send((request, sender)).await.map_err(|_| Error::Stopping)?;
        answer.await.map_err(|_| Error::Stopping)?
    }

    /// Runs until `stop` is cancelled, then finishes the batches at hand.
    ///
    /// `creations` is the other end of what [`Orchestrator::create_task`] sends to, from [`Orchestrator::new`].
    pub async fn run(&self, creations: PendingCreations, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        tasks.spawn(self.clone().create_loop(creations, stop.clone()));
        for _ in 0..self.settings.report_loops.max(1) {
            tasks.spawn(self.clone().report_loop(stop.clone()));
        }
        tasks.spawn(self.clone().every(
            MARK_INTERVAL,
            stop.clone(),
            "marking messages as sent",
            async |this| this.mark_dispatched_lazily().await,
        ));
        tasks.spawn(self.clone().publish_loop(stop.clone()));
        tasks.spawn(self.clone().deliver_loop(stop.clone()));
        tasks.spawn(self.clone().every(self.settings.sweep_interval, stop, "sweeping", async |this| {
            let swept = this
                .sweep_up(this.hearing.is_good())
                .await
                .inspect_err(|_| this.hearing.is_lost(this.reports.visibility()))?;
            if swept != crate::Swept::default() {
                tracing::info!(?swept, "the sweep found steps that had been lost sight of");
            }
            this.function_set.note(&this.pool).await?;
            this.forget_events().await?;
            this.forget_received_events().await
        }));
        tasks.close();
        tasks.wait().await;
        self.reports.end_receiving().await;
        if let Err(error) = self.mark_dispatched(Duration::ZERO).await {
            tracing::warn!(%error, "messages could not be marked as sent; they will be sent again");
        }
    }

    pub(crate) async fn create_loop(
        self,
        PendingCreations(mut creations): PendingCreations,
        stop: CancellationToken,
    ) {
        let mut batch = Vec::with_capacity(CREATION_BATCH);
        loop {
            tokio::select! {
                biased;
                count = creations.recv_many(&mut batch, CREATION_BATCH) => if count == 0 { return },
                () = stop.cancelled() => {
                    // Whoever has asked by now is answered; whoever asks later is told to come back.
                    creations.close();
                    continue;
                }
            }
            let (requests, answers): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            for (created, answer) in self.create_tasks(requests).await.into_iter().zip(answers) {
                // A caller who has gone away does not undo what was created.
                let _ = answer.send(created);
            }
        }
    }

    async fn report_loop(self, stop: CancellationToken) {
        loop {
            let deliveries = tokio::select! {
                () = stop.cancelled() => return,
                received = self.reports.receive(REPORT_BATCH, RECEIVE_WAIT) => received,
            };
            match deliveries {
                Ok(deliveries) => {
                    let last = deliveries.len() < REPORT_BATCH;
                    if !deliveries.is_empty() {
                        self.handle(deliveries).await;
                    }
                    if last {
                        self.hearing.has_caught_up();
                    }
                }
                Err(error) => {
                    self.hearing.is_lost(self.reports.visibility());
                    tracing::warn!(%error, "reports cannot be received; trying again");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
    }

    /// Applies the reports that wait until none is left: for a process that takes its queue with it when it ends.
    pub async fn apply_waiting(&self) {
        while let Ok(deliveries) = self.reports.receive(REPORT_BATCH, Duration::ZERO).await
            && !deliveries.is_empty()
        {
            self.handle(deliveries).await;
        }
    }

    /// Applies one batch of deliveries, and acknowledges them once they are stored.
    async fn handle(&self, deliveries: Vec<Delivery>) {
        let mut receipts = Vec::with_capacity(deliveries.len());
        let mut messages = Vec::with_capacity(deliveries.len());
        let mut unreadable = Vec::new();
        for (delivery, opened) in self.blobs.check_out_deliveries(deliveries).await {
            let Delivery { body, receipt, receive_count } = delivery;
            let message = match opened {
                Ok(()) => decode::<OrchestratorMessage>(&body).map_err(|error| error.to_string()),
                // Finished work must not be dropped because its store is away.
                Err(BlobError::Unavailable { .. }) => {
                    unreadable.push(receipt);
                    continue;
                }
                Err(error) => Err(error.to_string()),
            };
            match message {
                Ok(message) => {
                    messages.push(message);
                    receipts.push(receipt);
                }
                Err(error) if receive_count >= MAX_RECEIVES && self.reports.max_receives().is_none() => {
                    let beginning: String = body.chars().take(500).collect();
                    tracing::error!(%error, body = %beginning,
                        "a report cannot be read and is dropped; its step will be found by the sweep");
                    receipts.push(receipt);
                }
                // Perhaps a newer orchestrator of a rolling upgrade can read it; or else the queue puts it aside.
                Err(error) => {
                    tracing::warn!(%error, "a report cannot be read; handing it back");
                    unreadable.push(receipt);
                }
            }
        }
        self.hand_back(&unreadable).await;
        match self.apply(messages).await {
            Ok(_) => {
                if let Err(error) = self.reports.acknowledge(&receipts).await {
                    tracing::warn!(%error, "reports could not be acknowledged; they will come again, and be stale");
                }
            }
            Err(error) => {
                self.hearing.is_lost(self.reports.visibility());
                tracing::warn!(%error, reports = receipts.len(), "reports could not be applied; trying again");
                self.hand_back(&receipts).await;
            }
        }
    }

    async fn hand_back(&self, receipts: &[Receipt]) {
        if receipts.is_empty() {
            return;
        }
        if let Err(error) = self.reports.hand_back(receipts, RETRY_DELAY).await {
            tracing::warn!(%error, "reports could not be handed back; they will come again by themselves");
        }
    }

    async fn every(
        self,
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
}

/// Whether reports come through. While they do not, a host only seems silent, and after that the reports that waited
/// must be in before silence is held against anybody.
#[derive(Debug)]
pub(crate) struct Hearing(Mutex<Since>);

#[derive(Debug, Clone, Copy)]
enum Since {
    /// Reports taken by somebody who did not come to apply them are visible again by then.
    LostUntil(Instant),
    Good,
}

impl Hearing {
    /// As after a predecessor whose queue had this visibility time.
    pub(crate) fn lost(visibility: Duration) -> Self {
        Self(Mutex::new(Since::LostUntil(Instant::now() + visibility)))
    }

    pub(crate) fn is_lost(&self, visibility: Duration) {
        *self.since() = Since::LostUntil(Instant::now() + visibility);
    }

    /// No report waits.
    fn has_caught_up(&self) {
        let mut since = self.since();
        if matches!(*since, Since::LostUntil(until) if Instant::now() >= until) {
            *since = Since::Good;
        }
    }

    /// Nothing that was reported can be on its way.
    pub(crate) fn starts_afresh(&self) {
        *self.since() = Since::Good;
    }

    pub(crate) fn is_good(&self) -> bool {
        matches!(*self.since(), Since::Good)
    }

    fn since(&self) -> MutexGuard<'_, Since> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Requests to create tasks that nobody has taken yet.
#[derive(Debug)]
pub struct PendingCreations(pub(crate) mpsc::Receiver<PendingCreation>);
