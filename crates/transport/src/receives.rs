//! Cancel-safe receives: messages that arrive for a cancelled receiver go back at once instead of staying
//! invisible until their visibility timeout.

use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::{Delivery, QueueError, Receipt};

/// The running receives of one queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receives(TaskTracker);

impl Receives {
    /// Runs `receive` in the background to its end. If the caller is cancelled, passes the messages, which `deliveries`
    /// returns, to `give_back`. Returns None if the process is stopping.
    pub(crate) async fn run<T: Send + 'static, G: Future<Output = Result<(), QueueError>> + Send>(
        &self,
        receive: impl Future<Output = Result<T, QueueError>> + Send + 'static,
        deliveries: fn(&T) -> &[Delivery],
        give_back: impl FnOnce(Vec<Receipt>) -> G + Send + 'static,
    ) -> Option<Result<T, QueueError>> {
        let (sender, answer) = oneshot::channel();
        let (taken, is_taken) = oneshot::channel::<()>();
        self.0.spawn(async move {
            let received = receive.await;
            let deliveries = received.as_ref().map(deliveries).unwrap_or_default();
            let receipts: Vec<Receipt> = deliveries.iter().map(|delivery| delivery.receipt.clone()).collect();
            let is_taken = sender.send(received).is_ok() && is_taken.await.is_ok();
            if !is_taken && !receipts.is_empty() {
                // If this fails, the messages become visible after their visibility timeout.
                let _ = give_back(receipts).await;
            }
        });
        let received = answer.await.ok()?;
        let _ = taken.send(());
        Some(received)
    }

    /// Waits for the running receives.
    pub(crate) async fn end(&self) {
        self.0.close();
        self.0.wait().await;
        self.0.reopen();
    }
}
