//! Background work for running steps: renews their leases, sends heartbeats for long ones, and stops
//! cancelled ones. Each has its own loop, so that a service that hangs delays only what needs it.

use std::time::{Duration, Instant};

use tasker_protocol::{Heartbeat, StepEvent, encode};
use tasker_transport::{Message, QueueError, Receipt};

use super::{Worker, report::Part, running::Running};
use crate::about::about;

/// How often leases of running steps are checked, which is also how soon a handler learns of its cancellation.
const LEASE_CHECK: Duration = Duration::from_secs(1);
/// When the first heartbeat is sent. Most steps finish earlier and need none.
const FIRST_HEARTBEAT: Duration = Duration::from_millis(500);

impl Worker {
    /// How often a worker checks whether leases and heartbeats of its running steps are due.
    pub const PULSE: Duration = Duration::from_millis(250);
    /// How often a worker renews a lease, and sends a heartbeat, in one visibility time of its queue of steps.
    pub const RENEWALS: u32 = 3;
    /// After how many visibility times without a heartbeat the orchestrator takes a host for dead. The messages of a
    /// dead host are visible after one; another host that takes the attempt over reports within the second. The third
    /// is for reports that wait because the database was away.
    pub const SILENT_AFTER: u32 = 3;

    /// Maintains running steps until it is aborted.
    pub(super) async fn pulse_loops(self) {
        let term = self.0.connections.steps.visibility();
        tokio::join!(
            pulse(|| self.send_heartbeats(term)),
            pulse(|| self.renew(term)),
            pulse(|| self.check_leases()),
        );
    }

    async fn send_heartbeats(&self, term: Duration) {
        let now = Instant::now();
        let mut messages = Vec::new();
        // A step without its payloads or its component may still be handed back. It would be silent then, and must not count
        // as started.
        let is_heard = |running: &&mut Running| running.executing && !running.finished;
        for running in self.0.running.lock().values_mut().filter(is_heard) {
            let due = match running.heartbeat {
                None => now.duration_since(running.started) >= FIRST_HEARTBEAT,
                Some(last) => now.duration_since(last) >= term / Self::RENEWALS,
            };
            if due {
                running.heartbeat = Some(now);
                let heartbeat = Heartbeat {
                    started_at: running.started_at,
                    lease_ms: u64::try_from(term.saturating_mul(Self::SILENT_AFTER).as_millis())
                        .unwrap_or(u64::MAX),
                    progress: running.control.progress(),
                };
                let part = Part { continues: false, after: running.after };
                let message = self.message(&running.dispatch, part, StepEvent::Heartbeat(heartbeat));
                messages.push(Message::now(encode(&message)));
            }
        }
        if !messages.is_empty()
            && let Err(error) = self.0.connections.reports.send(messages).await
        {
            tracing::warn!(%error, "heartbeats could not be sent");
        }
    }

    async fn renew(&self, term: Duration) {
        let now = Instant::now();
        let (leases, receipts) =
            self.0.running.take_due(|running| now.duration_since(running.renewed) >= term / Self::RENEWALS);
        if leases.is_empty() {
            return;
        }
        // A call that hangs must leave time for another one before the lease ends.
        let patience = term / Self::RENEWALS / 2;
        let (extended, renewed) = tokio::join!(
            tokio::time::timeout(patience, self.extend(&receipts)),
            tokio::time::timeout(patience, self.0.connections.leases.renew(&leases, &self.0.holder)),
        );
        let extended = in_time(extended, "the visibility timeout", "the queue of steps");
        let renewed = in_time(renewed, "leases", "the lease store");
        let Some(renewed) = renewed else { return };
        let mut running = self.0.running.lock();
        for (lease, renewed) in leases.iter().zip(renewed) {
            let Some(step) = running.get_mut(lease) else { continue };
            if step.answered.elapsed() > self.overdue_after() {
                self.0.overdue.note();
            }
            step.answered = Instant::now();
            if !renewed && !step.finished {
                about(&step.dispatch)
                    .in_scope(|| tracing::warn!("lost the lease on a running step; stopping it"));
                step.control.cancel();
            // Only the lease decides who runs the step. A message that became visible while the queue was away is put off
            // by every host that receives it, and its receipt can never be extended again.
            } else if renewed && extended.is_some() {
                step.renewed = now;
            }
        }
    }

    /// Extends the visibility of messages. Steps that the host went on with have none.
    async fn extend(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        if receipts.is_empty() {
            return Ok(());
        }
        self.0.connections.steps.extend(receipts).await.map(drop)
    }

    /// Signals cancellation to handlers whose lease was revoked, and stops them after the grace period.
    async fn check_leases(&self) {
        let now = Instant::now();
        let (leases, _) = self.0.running.take_due(|running| {
            let due = !running.finished && now.duration_since(running.checked) >= LEASE_CHECK;
            if due {
                running.checked = now;
            }
            due
        });
        if leases.is_empty() {
            return;
        }
        let held = match self.0.connections.leases.holds(&leases, &self.0.holder).await {
            Ok(held) => held,
            Err(error) => return tracing::warn!(%error, "leases could not be checked; retrying"),
        };
        let running = self.0.running.lock();
        for (lease, _) in leases.iter().zip(held).filter(|(_, held)| !held) {
            if let Some(step) = running.get(lease).filter(|step| !step.control.is_cancelled()) {
                about(&step.dispatch)
                    .in_scope(|| tracing::info!("a running step was cancelled; stopping it"));
                step.control.cancel();
            }
        }
    }
}

/// Returns the result of a call that has a time limit. None if it failed or took too long, which is logged.
fn in_time<T, E: std::fmt::Display>(
    done: Result<Result<T, E>, tokio::time::error::Elapsed>,
    what: &str,
    service: &str,
) -> Option<T> {
    match done {
        Ok(Ok(done)) => return Some(done),
        Ok(Err(error)) => tracing::warn!(%error, "{what} could not be renewed; retrying"),
        Err(_) => tracing::warn!("{service} does not respond; {what} will be renewed again"),
    }
    None
}

/// Does this at every pulse, for ever.
async fn pulse<F: Future<Output = ()>>(work: impl Fn() -> F) {
    let mut ticks = tokio::time::interval(Worker::PULSE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        work().await;
    }
}
