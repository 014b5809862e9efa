//! Routes each message to one of several queues.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{Delivery, Depth, Message, Queue, QueueError, Receipt};

/// Routes each message to the queue of its group, or else to the queue for long work or the default queue.
/// Receives from the default queue only; receivers of the other queues use them directly.
pub struct RoutedQueue {
    others: Arc<dyn Queue>,
    groups: HashMap<String, Arc<dyn Queue>>,
    long: Option<(Duration, Arc<dyn Queue>)>,
}

impl RoutedQueue {
    /// Routes everything to `others`, the default queue.
    pub fn new(others: Arc<dyn Queue>) -> Self {
        Self { others, groups: HashMap::new(), long: None }
    }

    /// Routes messages of this group to this queue.
    #[must_use]
    pub fn group(mut self, group: String, queue: Arc<dyn Queue>) -> Self {
        self.groups.insert(group, queue);
        self
    }

    /// Routes messages whose expected work exceeds `limit` to this queue, except those of a group with a queue of its own:
    /// its receivers have what no others may have, and the receivers of long work have what that group may not have.
    #[must_use]
    pub fn longer_than(mut self, limit: Duration, queue: Arc<dyn Queue>) -> Self {
        self.long = Some((limit, queue));
        self
    }

    fn all(&self) -> impl Iterator<Item = &Arc<dyn Queue>> {
        std::iter::once(&self.others)
            .chain(self.groups.values())
            .chain(self.long.iter().map(|(_, long)| long))
    }

    fn queue_for(&self, message: &Message) -> &Arc<dyn Queue> {
        let own = message.group.as_ref().and_then(|group| self.groups.get(group));
        own.unwrap_or_else(|| match &self.long {
            Some((limit, long)) if message.work.is_some_and(|work| work > *limit) => long,
            _ => &self.others,
        })
    }
}

#[async_trait]
impl Queue for RoutedQueue {
    fn max_body_bytes(&self) -> usize {
        self.all().map(|queue| queue.max_body_bytes()).min().unwrap_or(0)
    }

    fn max_delay(&self) -> Duration {
        self.all().map(|queue| queue.max_delay()).min().unwrap_or(Duration::ZERO)
    }

    fn max_receives(&self) -> Option<u32> {
        self.others.max_receives()
    }

    fn visibility(&self) -> Duration {
        self.others.visibility()
    }

    fn longest_work(&self) -> Option<Duration> {
        // Long work goes to that queue.
        self.long.as_ref().map_or(&self.others, |(_, long)| long).longest_work()
    }

    async fn backlog(&self) -> Result<u64, QueueError> {
        let mut waiting = 0;
        for queue in self.all() {
            waiting += queue.backlog().await?;
        }
        Ok(waiting)
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        let mut depth = Depth::default();
        for queue in self.all() {
            depth = depth + queue.depth().await?;
        }
        Ok(depth)
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let mut by_queue: Vec<(&Arc<dyn Queue>, Vec<Message>)> = Vec::with_capacity(1);
        for message in messages {
            let queue = self.queue_for(&message);
            match by_queue.iter_mut().find(|(known, _)| Arc::ptr_eq(known, queue)) {
                Some((_, messages)) => messages.push(message),
                None => by_queue.push((queue, vec![message])),
            }
        }
        let mut result = Ok(());
        for (queue, messages) in by_queue {
            // Send to the other queues even if one fails.
            result = result.and(queue.send(messages).await);
        }
        result
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        self.others.receive(max, wait).await
    }

    async fn end_receiving(&self) {
        self.others.end_receiving().await;
    }

    async fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, QueueError> {
        self.others.extend(receipts).await
    }

    async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        self.others.acknowledge(receipts).await
    }

    async fn hand_back(&self, receipts: &[Receipt], delay: Duration) -> Result<(), QueueError> {
        self.others.hand_back(receipts, delay).await
    }
}
