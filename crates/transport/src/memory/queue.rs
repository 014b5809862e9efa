//! A queue in the memory of one process.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::Notify, time::Instant};

use crate::{Delivery, Depth, Message, Queue, QueueError, Receipt};

/// A queue in memory. Its messages are lost when the process ends; the orchestrator sends them again from
/// PostgreSQL.
#[derive(Debug)]
pub struct MemoryQueue {
    name: String,
    visibility: Duration,
    capacity: usize,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    messages: HashMap<u64, Stored>,
    visible: VecDeque<u64>,
    /// Delayed and received messages, ordered by the time at which they become visible.
    hidden: BTreeSet<(Instant, u64)>,
}

#[derive(Debug)]
struct Stored {
    body: String,
    receive_count: u32,
    hidden_until: Option<Instant>,
    sent_at: Instant,
}

impl MemoryQueue {
    /// A queue of at most `capacity` messages, including received ones.
    pub fn new(name: &str, visibility: Duration, capacity: usize) -> Self {
        Self { name: name.to_owned(), visibility, capacity, state: Mutex::default(), arrived: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, so the state behind a poisoned lock is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Receives without waiting. If no message is visible, returns the time when the next one will be.
    fn try_receive(&self, max: usize) -> Result<Vec<Delivery>, Option<Instant>> {
        let now = Instant::now();
        let mut state = self.state();
        state.reveal(now);
        let count = max.min(state.visible.len());
        if count == 0 {
            return Err(state.hidden.first().map(|(until, _)| *until));
        }
        let until = now + self.visibility;
        let ids: Vec<u64> = state.visible.drain(..count).collect();
        let deliveries = ids.into_iter().map(|id| state.deliver(id, until)).collect();
        if !state.visible.is_empty() {
            self.arrived.notify_one();
        }
        Ok(deliveries)
    }

    /// Applies `change` to each message whose receipt is still valid. Returns those receipts.
    fn for_held(&self, receipts: &[Receipt], mut change: impl FnMut(&mut State, u64)) -> Vec<Receipt> {
        let mut state = self.state();
        state.reveal(Instant::now());
        let mut good = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            if let Some(id) = state.held(receipt) {
                change(&mut state, id);
                good.push(receipt.clone());
            }
        }
        good
    }
}

impl State {
    /// Makes messages visible whose time has come.
    fn reveal(&mut self, now: Instant) {
        while let Some(&(until, id)) = self.hidden.first() {
            if until > now {
                break;
            }
            self.hidden.pop_first();
            if let Some(stored) = self.messages.get_mut(&id) {
                stored.hidden_until = None;
                self.visible.push_back(id);
            }
        }
    }

    fn hide(&mut self, id: u64, until: Instant) {
        if let Some(stored) = self.messages.get_mut(&id) {
            if let Some(before) = stored.hidden_until.replace(until) {
                self.hidden.remove(&(before, id));
            }
            self.hidden.insert((until, id));
        }
    }

    fn deliver(&mut self, id: u64, until: Instant) -> Delivery {
        self.hide(id, until);
        let stored = self.messages.get_mut(&id);
        let (body, receive_count) = stored.map_or((String::new(), 0), |stored| {
            stored.receive_count += 1;
            (stored.body.clone(), stored.receive_count)
        });
        Delivery { body, receipt: Receipt(format!("{id}.{receive_count}")), receive_count }
    }

    /// The id of the message, if the receipt is still valid.
    fn held(&self, receipt: &Receipt) -> Option<u64> {
        let (id, count) = receipt.0.split_once('.')?;
        let (id, count) = (id.parse().ok()?, count.parse::<u32>().ok()?);
        let stored = self.messages.get(&id)?;
        (stored.receive_count == count && stored.hidden_until.is_some()).then_some(id)
    }

    fn remove(&mut self, id: u64) {
        if let Some(Stored { hidden_until: Some(until), .. }) = self.messages.remove(&id) {
            self.hidden.remove(&(until, id));
        }
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    fn max_body_bytes(&self) -> usize {
        // Memory has no transport limit. This one keeps large documents out of the queue.
        1 << 20
    }

    fn visibility(&self) -> Duration {
        self.visibility
    }

    async fn backlog(&self) -> Result<u64, QueueError> {
        let mut state = self.state();
        state.reveal(Instant::now());
        Ok(state.visible.len() as u64)
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        let now = Instant::now();
        let mut state = self.state();
        state.reveal(now);
        let received =
            |(_, id): &&(Instant, u64)| state.messages.get(id).is_some_and(|stored| stored.receive_count > 0);
        let in_flight = state.hidden.iter().filter(received).count();
        let sent = state.visible.iter().filter_map(|id| state.messages.get(id)).map(|stored| stored.sent_at);
        Ok(Depth {
            ready: state.visible.len() as u64,
            delayed: (state.hidden.len() - in_flight) as u64,
            in_flight: in_flight as u64,
            oldest: sent.min().map(|sent| now.saturating_duration_since(sent)),
        })
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        if let Some(long) = messages.iter().find(|message| message.body.len() > self.max_body_bytes()) {
            return Err(QueueError::TooLong {
                queue: self.name.clone(),
                size: long.body.len(),
                limit: self.max_body_bytes(),
            });
        }
        let now = Instant::now();
        {
            let mut state = self.state();
            if state.messages.len() + messages.len() > self.capacity {
                return Err(QueueError::Full { queue: self.name.clone(), capacity: self.capacity });
            }
            for message in messages {
                let id = state.next_id;
                state.next_id += 1;
                state.messages.insert(
                    id,
                    Stored { body: message.body, receive_count: 0, hidden_until: None, sent_at: now },
                );
                if message.delay.is_zero() {
                    state.visible.push_back(id);
                } else {
                    state.hide(id, now + message.delay);
                }
            }
        }
        self.arrived.notify_one();
        Ok(())
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let give_up = Instant::now() + wait;
        loop {
            let arrived = self.arrived.notified();
            match self.try_receive(max) {
                Ok(deliveries) => return Ok(deliveries),
                Err(_) if Instant::now() >= give_up => return Ok(Vec::new()),
                Err(next) => {
                    let until = next.map_or(give_up, |next| next.min(give_up));
                    let _ = tokio::time::timeout_at(until, arrived).await;
                }
            }
        }
    }

    async fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, QueueError> {
        let until = Instant::now() + self.visibility;
        Ok(self.for_held(receipts, |state, id| state.hide(id, until)))
    }

    async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        self.for_held(receipts, State::remove);
        Ok(())
    }

    async fn hand_back(&self, receipts: &[Receipt], delay: Duration) -> Result<(), QueueError> {
        let until = Instant::now() + delay;
        self.for_held(receipts, |state, id| state.hide(id, until));
        self.arrived.notify_one();
        Ok(())
    }
}
