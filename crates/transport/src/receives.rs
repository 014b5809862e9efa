//! Receives that lose nothing: what arrives for somebody who has gone away goes back at once, and not only when its
//! visibility time ends.

use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::{Delivery, QueueError, Receipt};

/// The receives of one queue that are under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receives(TaskTracker);

impl Receives {
    /// Receives in the background, to its end. Whoever does not wait for that leaves the messages to `give_back`. None: the
    /// process is stopping.
    pub(crate) async fn run<G: Future<Output = Result<(), QueueError>> + Send>(
        &self,
        receive: impl Future<Output = Result<Vec<Delivery>, QueueError>> + Send + 'static,
        give_back: impl FnOnce(Vec<Receipt>) -> G + Send + 'static,
    ) -> Option<Result<Vec<Delivery>, QueueError>> {
        let (sender, answer) = oneshot::channel();
        let (taken, is_taken) = oneshot::channel::<()>();
        self.0.spawn(async move {
            let received = receive.await;
            let deliveries = received.as_deref().unwrap_or_default();
            let receipts: Vec<Receipt> = deliveries.iter().map(|delivery| delivery.receipt.clone()).collect();
            let is_taken = sender.send(received).is_ok() && is_taken.await.is_ok();
            if !is_taken && !receipts.is_empty() {
                // If that fails, they come again when their visibility time ends.
                let _ = give_back(receipts).await;
            }
        });
        let received = answer.await.ok()?;
        let _ = taken.send(());
        Some(received)
    }

    /// Waits for those that are under way.
    pub(crate) async fn end(&self) {
        self.0.close();
        self.0.wait().await;
        self.0.reopen();
    }
}
