//! Measures the CPU time of one execution and schedules long computations fairly.
//!
//! An execution computes only while its future is polled, so the time inside `poll` is its CPU time; waiting
//! for the network or for a turn does not count. The epoch callback reads the sum while the guest runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::UpdateDeadline;

use super::breach::Breach;

/// The CPU time of one execution.
#[derive(Debug)]
pub(crate) struct Meter {
    /// When the sandbox was created.
    start: Instant,
    limit: Duration,
    /// The nanoseconds of finished turns.
    spent: AtomicU64,
    /// The start of the current turn, in nanoseconds after `start`.
    turn_began: AtomicU64,
    /// Permits for executions that have computed for longer than a tick, one per thread. Only permit holders
    /// compete for a thread, so a short execution waits one or two ticks, however many long ones there are.
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

    /// When the sandbox was created.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// The CPU time of finished turns.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Relaxed))
    }

    /// Runs `execution` to its end and measures it.
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

    /// Called at every tick while the guest computes: stops it if its budget is exhausted, else ends its
    /// turn.
    pub(crate) fn tick(self: &Arc<Self>) -> wasmtime::Result<UpdateDeadline> {
        let turn = self.since_start().saturating_sub(self.turn_began.load(Relaxed));
        if self.spent() + Duration::from_nanos(turn) > self.limit {
            return Err(Breach::Cpu.into());
        }
        Ok(UpdateDeadline::YieldCustom(1, self.clone().next_turn()))
    }

    fn next_turn(self: Arc<Self>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            // Yield first, so that waiting executions run.
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
