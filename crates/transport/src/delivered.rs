//! A queue for AWS Lambda, which receives and deletes the messages itself: it takes them from SQS, passes
//! them to a function, and gets back which of them failed.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::{Delivery, Depth, Message, Queue, QueueError, Receipt};

/// The messages of one invocation at a time. Sent messages go to the underlying queue.
pub struct DeliveredQueue {
    behind: Arc<dyn Queue>,
    state: Mutex<State>,
    offered: Notify,
}

#[derive(Default)]
struct State {
    waiting: Vec<Delivery>,
    /// Offered but not acknowledged. SQS delivers these again after the invocation.
    open: HashSet<Receipt>,
}

impl DeliveredQueue {
    /// Wraps the queue that the messages come from.
    pub fn new(behind: Arc<dyn Queue>) -> Self {
        Self { behind, state: Mutex::default(), offered: Notify::new() }
    }

    /// Adds the messages of an invocation. The response names them by their receipts.
    pub fn offer(&self, messages: impl IntoIterator<Item = Delivery>) {
        {
            let mut state = self.state();
            for message in messages {
                state.open.insert(message.receipt.clone());
                state.waiting.push(message);
            }
        }
        self.offered.notify_one();
    }

    /// As [`DeliveredQueue::offer`], for messages that are processed without [`Queue::receive`].
    pub fn hold(&self, messages: &[Delivery]) {
        self.state().open.extend(messages.iter().map(|message| message.receipt.clone()));
    }

    /// Ends an invocation. Returns the receipts of unfinished messages and forgets them.
    pub fn take_unfinished(&self) -> Vec<Receipt> {
        let mut state = self.state();
        state.waiting.clear();
        state.open.drain().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Queue for DeliveredQueue {
    fn max_body_bytes(&self) -> usize {
        self.behind.max_body_bytes()
    }

    fn max_delay(&self) -> Duration {
        self.behind.max_delay()
    }

    fn max_receives(&self) -> Option<u32> {
        self.behind.max_receives()
    }

    fn visibility(&self) -> Duration {
        self.behind.visibility()
    }

    fn longest_work(&self) -> Option<Duration> {
        self.behind.longest_work()
    }

    async fn backlog(&self) -> Result<u64, QueueError> {
        self.behind.backlog().await
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        self.behind.depth().await
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        self.behind.send(messages).await
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let take = || {
            let mut state = self.state();
            let count = max.min(state.waiting.len());
            state.waiting.drain(..count).collect::<Vec<_>>()
        };
        let taken = take();
        if !taken.is_empty() || wait.is_zero() {
            return Ok(taken);
        }
        let _ = tokio::time::timeout(wait, self.offered.notified()).await;
        Ok(take())
    }

    /// A no-op: Lambda keeps the messages invisible while the function runs.
    async fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, QueueError> {
        let state = self.state();
        Ok(receipts.iter().filter(|receipt| state.open.contains(receipt)).cloned().collect())
    }

    async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        let mut state = self.state();
        for receipt in receipts {
            state.open.remove(receipt);
        }
        Ok(())
    }

    /// Makes the messages visible again before their visibility timeout. The response also lists them as
    /// failed.
    async fn hand_back(&self, receipts: &[Receipt], delay: Duration) -> Result<(), QueueError> {
        self.behind.hand_back(receipts, delay).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryQueue;

    fn delivery(name: &str) -> Delivery {
        Delivery { body: name.to_owned(), receipt: Receipt::named(name), receive_count: 1 }
    }

    #[tokio::test]
    async fn what_is_not_acknowledged_is_unfinished() {
        let queue = DeliveredQueue::new(Arc::new(MemoryQueue::new("behind", Duration::from_secs(30), 10)));
        queue.offer([delivery("done"), delivery("handed back"), delivery("never received")]);
        let received = queue.receive(2, Duration::ZERO).await.unwrap();
        let receipts: Vec<Receipt> = received.into_iter().map(|delivery| delivery.receipt).collect();
        queue.acknowledge(&receipts[..1]).await.unwrap();
        queue.hand_back(&receipts[1..], Duration::ZERO).await.unwrap();
        let mut unfinished: Vec<String> =
            queue.take_unfinished().iter().map(|receipt| receipt.name().to_owned()).collect();
        unfinished.sort();
        assert_eq!(unfinished, ["handed back", "never received"]);
        assert!(queue.receive(10, Duration::ZERO).await.unwrap().is_empty(), "a new invocation begins empty");
        queue.send(vec![Message::now("sent".to_owned())]).await.unwrap();
        assert_eq!(queue.behind.receive(1, Duration::ZERO).await.unwrap()[0].body, "sent");
    }
}
