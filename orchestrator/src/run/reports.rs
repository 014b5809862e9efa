//! Receives reports from the queue, and applies the waiting ones as one batch.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tasker_protocol::{OrchestratorMessage, decode};
use tasker_telemetry::metrics;
use tasker_transport::{Delivery, Opened, Receipt, outage_delay};
use tokio_util::sync::CancellationToken;

use super::hearing::Hearing;
use crate::{database::refusal::is_outage, engine::Engine, report::Applied};

/// The maximum number of reports in one transaction.
const REPORT_BATCH: usize = 128;
/// The maximum wait of one receive call.
const RECEIVE_WAIT: Duration = Duration::from_secs(10);
/// The delay before a retry after a database error.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// How long a report first waits for the report of the step before. It doubles with each receive, up to 64 times.
const EARLY_DELAY: Duration = Duration::from_millis(100);
/// A report is dropped after this many failed reads if the queue has no dead-letter queue.
const MAX_RECEIVES: u32 = 5;

/// The receiver of reports, and whether they get through.
pub(crate) struct Reports {
    pub(crate) hearing: Hearing,
    /// Reports were put off, or their queue was away, since this was last read. For visits, whose next sweep is in another
    /// process.
    pub(crate) were_put_off: AtomicBool,
}

impl Reports {
    /// Receives reports until `stop` is cancelled.
    pub(crate) async fn run(&self, engine: &Engine, stop: CancellationToken) {
        // Reports that are stored, and acknowledged with the next receive.
        let mut done = Vec::new();
        loop {
            let deliveries = tokio::select! {
                () = stop.cancelled() => return acknowledge(engine, &done).await,
                received = engine.reports.receive_after(&done, REPORT_BATCH, RECEIVE_WAIT) => received,
            };
            match deliveries {
                Ok(deliveries) => {
                    self.hearing.responds();
                    let last = deliveries.len() < REPORT_BATCH;
                    let in_hand = self.hearing.takes_in_hand();
                    done = self.handle(engine, deliveries).await;
                    drop(in_hand);
                    if last {
                        self.hearing.has_caught_up();
                    }
                }
                Err(error) => {
                    self.hearing.is_silent();
                    tracing::warn!(%error, "reports cannot be received; trying again");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
    }

    /// Applies all waiting reports. For a process whose queue ends with it.
    pub(crate) async fn apply_waiting(&self, engine: &Engine) {
        while let Ok(deliveries) = engine.reports.receive(REPORT_BATCH, Duration::ZERO).await
            && !deliveries.is_empty()
        {
            acknowledge(engine, &Box::pin(self.handle(engine, deliveries)).await).await;
        }
    }

    /// Records that reports do not get through, and wait for this long.
    pub(crate) fn get_lost(&self, wait: Duration) {
        self.hearing.is_lost(wait);
        self.were_put_off.store(true, Ordering::Relaxed);
    }

    /// Applies one batch of deliveries. Returns those to acknowledge, because they are stored or dropped.
    async fn handle(&self, engine: &Engine, deliveries: Vec<Delivery>) -> Vec<Receipt> {
        if deliveries.is_empty() {
            return Vec::new();
        }
        let mut readable = Vec::with_capacity(deliveries.len());
        let mut messages = Vec::with_capacity(deliveries.len());
        let (mut dropped, mut put_off, mut early) = (Vec::new(), Vec::new(), Vec::new());
        for opened in engine.blobs.open_deliveries(deliveries).await {
            let receive_count = opened.delivery.receive_count;
            let message = match opened.body() {
                Ok(body) => decode::<OrchestratorMessage>(body).map_err(|error| error.to_string()),
                Err(error) if error.is_transient(receive_count) => {
                    tracing::warn!(%error, "a report cannot be loaded; trying again later");
                    put_off.push(opened.delivery);
                    continue;
                }
                Err(error) => Err(error.to_string()),
            };
            match message {
                Ok(message) => {
                    messages.push((message, receive_count));
                    readable.push(opened.delivery);
                }
                Err(error) => self.set_aside(engine, opened, &error, &mut dropped).await,
            }
        }
        match engine.apply_received(messages).await {
            Ok(again) => {
                for (position, delivery) in readable.into_iter().enumerate() {
                    if again.later.contains(&position) {
                        put_off.push(delivery);
                    } else if again.soon.contains(&position) {
                        count("early");
                        early.push(delivery);
                    } else {
                        dropped.push(delivery.receipt);
                    }
                }
            }
            Err(error) if is_outage(&error) => {
                tracing::warn!(%error, reports = readable.len(), "reports could not be applied; trying again");
                put_off.append(&mut readable);
            }
            // One of them is the cause. Its receives count, so that it ends as a dead letter.
            Err(error) => {
                tracing::error!(%error, reports = readable.len(), "reports could not be applied; trying each by itself");
                self.apply_each(engine, readable, &mut dropped).await;
            }
        }
        let delay = put_off.iter().map(|delivery| outage_delay(delivery.receive_count)).max();
        if let Some(delay) = delay {
            self.get_lost(delay);
        }
        if let Some(delay) = delay {
            return_to_queue(engine, put_off, delay).await;
        }
        let mut by_delay: BTreeMap<Duration, Vec<Delivery>> = BTreeMap::new();
        for delivery in early {
            let delay = EARLY_DELAY * (1 << delivery.receive_count.saturating_sub(1).min(6));
            by_delay.entry(delay).or_default().push(delivery);
        }
        for (delay, deliveries) in by_delay {
            return_to_queue(engine, deliveries, delay).await;
        }
        dropped
    }

    /// Applies reports one by one, and hands those back that cannot be applied.
    async fn apply_each(&self, engine: &Engine, deliveries: Vec<Delivery>, dropped: &mut Vec<Receipt>) {
        for opened in engine.blobs.open_deliveries(deliveries).await {
            let applied = match opened.body().map(decode::<OrchestratorMessage>) {
                Ok(Ok(message)) => engine.apply(vec![message]).await.map_err(|error| error.to_string()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match applied {
                Ok(Applied { early: 0, .. }) => dropped.push(opened.delivery.receipt),
                Ok(_) => return_to_queue(engine, vec![opened.delivery], EARLY_DELAY).await,
                Err(error) => self.set_aside(engine, opened, &error, dropped).await,
            }
        }
    }

    /// Sets a message aside that cannot be read or applied. In a rolling upgrade a newer orchestrator may be able to read it.
    /// Otherwise it ends as a dead letter, or is dropped if the queue has none.
    async fn set_aside(&self, engine: &Engine, opened: Opened, error: &str, dropped: &mut Vec<Receipt>) {
        let Opened { delivery, .. } = opened;
        count("unreadable");
        if delivery.receive_count >= MAX_RECEIVES && engine.reports.max_receives().is_none() {
            let beginning: String = delivery.body.chars().take(500).collect();
            tracing::error!(%error, body = %beginning,
                "a report that cannot be read or applied was dropped; the sweep will find its step");
            return dropped.push(delivery.receipt);
        }
        tracing::warn!(%error, "a report cannot be read or applied; returning it to the queue");
        let delay = outage_delay(delivery.receive_count);
        if let Err(error) = engine.reports.hand_back(&[delivery.receipt], delay).await {
            tracing::warn!(%error, "a report could not be returned to the queue; it becomes visible again later");
        }
    }
}

/// Measures a report that was not applied.
fn count(result: &'static str) {
    if let Some(metrics) = metrics() {
        metrics.reports.add(1, [result.into()]);
    }
}

async fn acknowledge(engine: &Engine, done: &[Receipt]) {
    if !done.is_empty()
        && let Err(error) = engine.reports.acknowledge(done).await
    {
        tracing::warn!(%error, "reports could not be acknowledged; they will be received again and be stale");
    }
}

/// Returns reports that something outside them kept from being applied.
async fn return_to_queue(engine: &Engine, deliveries: Vec<Delivery>, delay: Duration) {
    if let Err(error) = engine.reports.put_off(deliveries, delay).await {
        tracing::warn!(%error, "reports could not be returned to the queue; they become visible again later");
    }
}
