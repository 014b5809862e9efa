//! Taking reports from the queue: whatever is waiting is applied as one batch.

use std::time::Duration;

use tasker_protocol::{OrchestratorMessage, decode};
use tasker_transport::{BlobError, Delivery, Receipt};
use tokio_util::sync::CancellationToken;

use super::hearing::Hearing;
use crate::engine::Engine;

/// How many reports one transaction takes at most.
const REPORT_BATCH: usize = 128;
/// How long one call waits for reports before it asks again.
const RECEIVE_WAIT: Duration = Duration::from_secs(10);
/// How long after a failure of the database the same work is tried again.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// A report is dropped after this many failed reads, where the queue has no dead letters of its own.
const MAX_RECEIVES: u32 = 5;

/// The queue of reports, and whether they come through.
pub(crate) struct Reports {
    pub(crate) hearing: Hearing,
}

impl Reports {
    /// Takes reports until `stop` is cancelled.
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

    /// Applies the reports that wait until none is left: for a process that takes its queue with it when it ends.
    pub(crate) async fn apply_waiting(&self, engine: &Engine) {
        while let Ok(deliveries) = engine.reports.receive(REPORT_BATCH, Duration::ZERO).await
            && !deliveries.is_empty()
        {
            self.handle(engine, deliveries).await;
        }
    }

    /// Applies one batch of deliveries, and acknowledges them once they are stored.
    async fn handle(&self, engine: &Engine, deliveries: Vec<Delivery>) {
        let mut receipts = Vec::with_capacity(deliveries.len());
        let mut messages = Vec::with_capacity(deliveries.len());
        let mut unreadable = Vec::new();
        for (delivery, opened) in engine.blobs.check_out_deliveries(deliveries).await {
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
                Err(error) if receive_count >= MAX_RECEIVES && engine.reports.max_receives().is_none() => {
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
        hand_back(engine, &unreadable).await;
        match engine.apply(messages).await {
            Ok(_) => {
                if let Err(error) = engine.reports.acknowledge(&receipts).await {
                    tracing::warn!(%error, "reports could not be acknowledged; they will come again, and be stale");
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
        tracing::warn!(%error, "reports could not be handed back; they will come again by themselves");
    }
}
