//! The last stage of a step: its lease is settled, so that no copy of its message runs, and its message is deleted. Beside the
//! reports, which must not wait for the lease store: a host that is silent for long counts as lost.

use std::time::Instant;

use tasker_transport::Receipt;
use tokio::sync::mpsc;

use super::{RETRY_DELAY, Worker};

/// The maximum number of steps per call.
const BATCH: usize = 100;

/// A step whose report was sent.
pub(super) struct Reported {
    /// Its message. None if the host went on with it.
    pub(super) receipt: Option<Receipt>,
    pub(super) lease: String,
}

impl Worker {
    /// Settles steps until the sender is dropped. They count as running until then, so that their leases are renewed.
    pub(super) async fn settle_loop(self, mut reported: mpsc::UnboundedReceiver<Reported>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut stopping = None;
        while reported.recv_many(&mut batch, BATCH).await > 0 {
            let (receipts, leases): (Vec<Option<Receipt>>, Vec<String>) =
                batch.drain(..).map(|Reported { receipt, lease }| (receipt, lease)).unzip();
            let receipts: Vec<Receipt> = receipts.into_iter().flatten().collect();
            self.settle(&leases, || {
                let is_last = reported.is_closed();
                is_last
                    && stopping.get_or_insert_with(Instant::now).elapsed()
                        >= self.0.connections.steps.visibility()
            })
            .await;
            if !receipts.is_empty() {
                self.acknowledge(&receipts).await;
            }
            for lease in &leases {
                self.0.running.remove(lease);
            }
        }
    }

    /// Retries until it succeeds: a lease that is not settled is free when it has ended, and its step would run again. While
    /// the store is away, no host can take it. Only a worker that stops gives up.
    async fn settle(&self, leases: &[String], mut has_no_time: impl FnMut() -> bool) {
        while let Err(error) = self.0.connections.leases.settle(leases, &self.0.holder).await {
            tracing::warn!(%error, steps = leases.len(), "leases could not be settled; retrying");
            if has_no_time() || self.0.ends_at.is_some_and(|ends_at| Instant::now() >= ends_at) {
                tracing::warn!(
                    steps = leases.len(),
                    "stopping without settled leases; a duplicate message might run"
                );
                return;
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }

    /// Retries until the visibility timeout: after that, other receivers drop the messages.
    async fn acknowledge(&self, receipts: &[Receipt]) {
        let steps = &self.0.connections.steps;
        let until = Instant::now() + steps.visibility();
        let until = self.0.ends_at.map_or(until, |ends_at| ends_at.min(until));
        while let Err(error) = steps.acknowledge(receipts).await {
            tracing::warn!(%error, "steps could not be acknowledged; they will be delivered again");
            if Instant::now() >= until {
                return;
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }
}
