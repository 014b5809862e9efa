//! Steps that go back to the queue, each after its own delay.

use std::{collections::BTreeMap, time::Duration};

use tasker_telemetry::metrics;
use tasker_transport::{Receipt, outage_delay};

use super::Worker;

/// Drop a message after this many failed reads.
const MAX_RECEIVES: u32 = 5;

impl Worker {
    /// The longest delay with which a worker hands back a copy of a step that another host runs.
    pub const MAX_COPY_DELAY: Duration = Duration::from_secs(900);

    /// Handles duplicates: those of running steps are delayed, because the other host may fail; those of
    /// finished steps are dropped.
    pub(super) async fn drop_copies(&self, held: &[(Receipt, u32)], settled: &[Receipt]) {
        let steps = &self.0.connections.steps;
        let visibility = steps.visibility();
        let counts = steps.max_receives().is_some();
        self.hand_back_each(held, |receive_count| {
            // If the queue counts receives, delay duplicates increasingly, so that they do not use up the limit.
            let wait = if counts {
                visibility.saturating_mul(1 << receive_count.saturating_sub(1).min(10))
            } else {
                visibility / 2
            };
            wait.min(Self::MAX_COPY_DELAY)
        })
        .await;
        if !settled.is_empty()
            && let Err(error) = steps.acknowledge(settled).await
        {
            tracing::warn!(%error, "duplicate messages could not be dropped; they will be delivered again");
        }
    }

    pub(super) async fn refuse(&self, receipt: Receipt, receive_count: u32, error: &str) {
        if receive_count < MAX_RECEIVES || self.0.connections.steps.max_receives().is_some() {
            tracing::warn!(%error, "a step message cannot be decoded; handing it back for a newer host");
            return self.put_off(&[(receipt, receive_count)]).await;
        }
        tracing::error!(%error, "a step message cannot be decoded and is dropped; the sweep will send it again");
        if let Err(error) = self.0.connections.steps.acknowledge(&[receipt]).await {
            tracing::warn!(%error, "an unreadable message could not be dropped; it will be delivered again");
        }
    }

    /// Hands steps back because something that they need is away. Waits longer the more often this happens.
    pub(super) async fn put_off(&self, steps: &[(Receipt, u32)]) {
        self.hand_back_each(steps, outage_delay).await;
    }

    /// Hands steps back, each with the delay of its number of receives. One call for each delay: the queue may be away too,
    /// and time may be short.
    async fn hand_back_each(&self, steps: &[(Receipt, u32)], delay: impl Fn(u32) -> Duration) {
        let mut by_delay: BTreeMap<Duration, Vec<Receipt>> = BTreeMap::new();
        for (receipt, receive_count) in steps {
            by_delay.entry(delay(*receive_count)).or_default().push(receipt.clone());
        }
        for (delay, receipts) in by_delay {
            self.hand_back(&receipts, delay).await;
        }
    }

    pub(super) async fn hand_back(&self, receipts: &[Receipt], delay: Duration) {
        if let Some(metrics) = metrics() {
            metrics.host_handed_back.add(receipts.len() as u64, []);
        }
        if !receipts.is_empty()
            && let Err(error) = self.0.connections.steps.hand_back(receipts, delay).await
        {
            tracing::warn!(%error, "steps could not be handed back; they become visible again after their visibility timeout");
        }
    }
}
