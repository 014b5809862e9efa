//! CPU time of one execution, and fair turns among those that compute for long.
//!
//! An execution computes only while its future is polled, so the time inside `poll` is its CPU time: waiting
//! for the network or for a turn is not counted. The epoch callback reads the sum while the guest runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::UpdateDeadline;

use super::limiter::Breach;

/// Counts what one execution computes.
#[derive(Debug)]
pub(crate) struct Meter {
    /// When the sandbox was made.
    start: Instant,
    limit: Duration,
    /// Nanoseconds of finished turns.
    spent: AtomicU64,
    /// When the current turn began, in nanoseconds after `start`.
    turn_began: AtomicU64,
    /// Turns of executions that computed for longer than a tick: as many as there are threads. Only so many of
    /// them queue for a thread, so a short execution waits for a tick or two however many long ones there are.
    turns: Arc<Semaphore>,
    turn: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Meter {
    pub(crate) fn new(limit: Duration, turns: Arc<Semaphore>) -> Self {
        Self {
            start: Instant::now(),
            limit,
            spent: AtomicU64::new(0),
            turn_began: AtomicU64::new(0),
            turns,
            turn: Mutex::new(None),
        }
    }

    /// When the sandbox was made.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// CPU time of the finished turns.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Relaxed))
    }

    /// Runs `execution` to its end, counting.
    pub(crate) async fn measure<T>(&self, execution: impl Future<Output = T>) -> T {
        let mut execution = std::pin::pin!(execution);
        std::future::poll_fn(|context| {
            self.turn_began.store(self.since_start(), Relaxed);
            let poll = execution.as_mut().poll(context);
            let turn = self.since_start().saturating_sub(self.turn_began.load(Relaxed));
            self.spent.fetch_add(turn, Relaxed);
            if poll.is_pending() {
                self.end_turn();
            }
            poll
        })
        .await
    }

    /// What to do with a guest that has computed since the last tick: its budget decides, then its turn ends.
    pub(crate) fn tick(self: &Arc<Self>) -> wasmtime::Result<UpdateDeadline> {
        let turn = self.since_start().saturating_sub(self.turn_began.load(Relaxed));
        if self.spent() + Duration::from_nanos(turn) > self.limit {
            return Err(Breach::Cpu.into());
        }
        Ok(UpdateDeadline::YieldCustom(1, self.clone().next_turn()))
    }

    fn next_turn(self: Arc<Self>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            // First to the end of the queue, so that whoever waits runs.
            tokio::task::yield_now().await;
            let turn = self.turns.clone().acquire_owned().await.ok();
            *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        })
    }

    fn end_turn(&self) {
        drop(self.turn.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn since_start(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
