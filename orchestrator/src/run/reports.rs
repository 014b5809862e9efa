//! Receives reports from the queue, and applies the waiting ones as one batch.

use std::time::Duration;

use tasker_protocol::{OrchestratorMessage, decode};
use tasker_transport::{BlobError, Delivery, Receipt};
use tokio_util::sync::CancellationToken;

use super::hearing::Hearing;
use crate::engine::Engine;

/// The maximum number of reports in one transaction.
const REPORT_BATCH: usize = 128;
/// The maximum wait of one receive call.
const RECEIVE_WAIT: Duration = Duration::from_secs(10);
/// The delay before a retry after a database error.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// A report is dropped after this many failed reads if the queue has no dead-letter queue.
const MAX_RECEIVES: u32 = 5;

/// The receiver of reports, and whether they get through.
pub(crate) struct Reports {
    pub(crate) hearing: Hearing,
}

impl Reports {
    /// Receives reports until `stop` is cancelled.
    pub(crate) async fn run(&self, engine: &Engine, stop: CancellationToken) {
        loop {
            let deliveries = tokio::select! {
                () = stop.cancelled() => return,
                received = engine.reports.receive(REPORT_BATCH, RECEIVE_WAIT) => received,
            };
            match deliveries {
                Ok(deliveries) => {
                    let last = deliveries.len() < REPORT_BATCH;
                    if !deliveries.is_empty() {
                        self.handle(engine, deliveries).await;
                    }
                    if last {
                        self.hearing.has_caught_up();
                    }
                }
                Err(error) => {
                    self.hearing.is_lost(engine.reports.visibility());
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
            self.handle(engine, deliveries).await;
        }
    }

    /// Applies one batch of deliveries, and acknowledges them after they are stored.
    async fn handle(&self, engine: &Engine, deliveries: Vec<Delivery>) {
        let mut receipts = Vec::with_capacity(deliveries.len());
        let mut messages = Vec::with_capacity(deliveries.len());
        let mut unreadable = Vec::new();
        for (delivery, opened) in engine.blobs.check_out_deliveries(deliveries).await {
            let Delivery { body, receipt, receive_count } = delivery;
            let message = match opened {
                Ok(()) => decode::<OrchestratorMessage>(&body).map_err(|error| error.to_string()),
                // A report must not be dropped because the blob store is unavailable.
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
                Err(error) if receive_count >= MAX_RECEIVES && engine.reports.max_receives().is_none() => {
                    let beginning: String = body.chars().take(500).collect();
                    tracing::error!(%error, body = %beginning,
                        "an unreadable report was dropped; the sweep will find its step");
                    receipts.push(receipt);
                }
                // In a rolling upgrade a newer orchestrator may be able to read it. Otherwise it ends as a dead
                // letter.
                Err(error) => {
                    tracing::warn!(%error, "a report cannot be read; returning it to the queue");
                    unreadable.push(receipt);
                }
            }
        }
        hand_back(engine, &unreadable).await;
        match engine.apply(messages).await {
            Ok(_) => {
                if let Err(error) = engine.reports.acknowledge(&receipts).await {
                    tracing::warn!(%error, "reports could not be acknowledged; they will be received again and be stale");
                }
            }
            Err(error) => {
                self.hearing.is_lost(engine.reports.visibility());
                tracing::warn!(%error, reports = receipts.len(), "reports could not be applied; trying again");
                hand_back(engine, &receipts).await;
            }
        }
    }
}

async fn hand_back(engine: &Engine, receipts: &[Receipt]) {
    if receipts.is_empty() {
        return;
    }
    if let Err(error) = engine.reports.hand_back(receipts, RETRY_DELAY).await {
        tracing::warn!(%error, "reports could not be returned to the queue; they become visible again later");
    }
}
