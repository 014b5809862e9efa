//! Simulates a deployment under load in steps of 5 milliseconds: queues, growing event source mappings,
//! functions, and a database with several cores. Returns batch sizes, utilization, and the limits that are
//! reached first.

use std::collections::VecDeque;

use crate::{
    prices::Quotas,
    work::{Counted, Handler, Waits, orchestrator_ms},
};

const TICK_MS: f64 = 5.0;
/// Steps per task, in sequence.
const STEPS: f64 = 4.0;
/// The maximum number of messages per batch without a batch window.
const BATCH: f64 = 10.0;
/// Simulated seconds, and how many at the end are evaluated.
const SECONDS: f64 = 420.0;
const LOOKED_AT: f64 = 60.0;

/// The settings of a deployment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deployment {
    pub(crate) name: &'static str,
    /// The maximum concurrent executions for the queue of steps and the queue of reports.
    pub(crate) hosts: f64,
    pub(crate) orchestrators: f64,
    /// Cores of the database.
    pub(crate) cores: f64,
    /// Whether the account's quotas were raised and the leases table was warmed.
    pub(crate) raised: bool,
}

/// The result: averages over the last minute.
#[derive(Debug, Clone, Default)]
pub(crate) struct SimulatedMonth {
    pub(crate) steps_per_second: f64,
    /// Messages per invocation.
    pub(crate) host_batch: f64,
    pub(crate) orchestrator_batch: f64,
    /// Concurrent executions.
    pub(crate) hosts: f64,
    pub(crate) orchestrators: f64,
    /// The utilization of each limit, highest first.
    pub(crate) uses: Vec<(&'static str, f64)>,
    /// Seconds until the completion rate reached the arrival rate. None if it never did.
    pub(crate) caught_up_after: Option<f64>,
}

/// A queue with its mapping and running executions.
struct Stage {
    waiting: f64,
    pollers: f64,
    at_most: f64,
    /// The end time and number of messages of each execution.
    running: VecDeque<(f64, f64)>,
    invocations: f64,
    taken: f64,
}

impl Stage {
    fn new(at_most: f64, quotas: &Quotas) -> Self {
        let at_most = at_most.min(quotas.pollers_at_most);
        let pollers = quotas.pollers.min(at_most);
        Self { waiting: 0.0, pollers, at_most, running: VecDeque::new(), invocations: 0.0, taken: 0.0 }
    }

    /// Removes ended executions. Returns their messages.
    fn end(&mut self, now: f64) -> f64 {
        let mut done = 0.0;
        self.running.retain(|&(ends, messages)| {
            let ended = ends <= now;
            done += if ended { messages } else { 0.0 };
            !ended
        });
        done
    }

    /// Starts executions. Waiting pollers share the messages evenly.
    fn start(&mut self, now: f64, account: &mut f64, quotas: &Quotas, mut takes: impl FnMut(f64) -> f64) {
        let mut free = (self.pollers - self.running.len() as f64).min(*account).floor();
        while free >= 1.0 && self.waiting >= 1.0 {
            let batch = (self.waiting / free).ceil().min(BATCH).min(self.waiting.floor());
            self.waiting -= batch;
            self.running.push_back((now + takes(batch), batch));
            self.invocations += 1.0;
            self.taken += batch;
            *account -= 1.0;
            free -= 1.0;
        }
        if self.waiting >= 1.0 {
            self.pollers = (self.pollers + quotas.pollers_per_second * TICK_MS / 1000.0).min(self.at_most);
        }
    }

    /// Messages per invocation so far.
    fn batch(&self) -> f64 {
        self.taken / self.invocations.max(1.0)
    }

    fn in_flight(&self) -> f64 {
        self.running.iter().map(|(_, messages)| messages).sum()
    }
}

/// Runs the simulation at this rate of steps per second.
pub(crate) fn run(
    deployment: Deployment,
    quotas: &Quotas,
    work: &Counted,
    waits: &Waits,
    handler: Handler,
    rate: f64,
) -> SimulatedMonth {
    let concurrency = quotas.concurrency * if deployment.raised { 10.0 } else { 1.0 };
    let table = if deployment.raised { quotas.table_writes_at_most } else { quotas.table_writes };
    let mut steps = Stage::new(deployment.hosts, quotas);
    let mut reports = Stage::new(deployment.orchestrators, quotas);
    let mut cores = vec![0.0_f64; deployment.cores as usize];
    let writes = work.writes.per_step(BATCH);
    let (mut arriving, mut database_busy, mut done_late, mut allowed) = (0.0, 0.0, 0.0, 0.0);
    let (mut used_hosts, mut used_orchestrators, mut in_flight) = (0.0, 0.0, 0.0_f64);
    let mut caught_up_after = None;
    let (mut done_this_second, mut second) = (0.0, 0.0);
    let ticks = (SECONDS * 1000.0 / TICK_MS) as usize;
    let late = ((SECONDS - LOOKED_AT) * 1000.0 / TICK_MS) as usize;
    for tick in 0..ticks {
        let now = tick as f64 * TICK_MS;
        if tick == late {
            (steps.invocations, steps.taken, reports.invocations, reports.taken) = (0.0, 0.0, 0.0, 0.0);
        }
        arriving += rate / STEPS * TICK_MS / 1000.0;
        steps.waiting += arriving.floor();
        arriving -= arriving.floor();

        let chain = handler.chain(work, waits, steps.batch());
        reports.waiting += steps.end(now) * chain;
        let applied = reports.end(now);
        // Every step but a task's last makes the next one ready, which needs a message if no host goes on with it.
        steps.waiting += applied * (1.0 / chain - 1.0 / STEPS);

        done_this_second += applied;
        if now - second >= 1000.0 {
            if caught_up_after.is_none() && done_this_second >= 0.97 * rate && steps.waiting * chain < rate {
                caught_up_after = Some(now / 1000.0);
            }
            (done_this_second, second) = (0.0, now);
        }

        // The table accepts a limited number of leases per second; rejected requests are retried.
        let messages = table / writes / chain;
        allowed = (allowed + messages * TICK_MS / 1000.0).min(messages);
        let held_back = (steps.waiting - allowed).max(0.0);
        steps.waiting -= held_back;
        let mut account = concurrency - (steps.running.len() + reports.running.len()) as f64;
        let before = steps.waiting;
        // Reports first, because they make further steps ready.
        reports.start(now, &mut account, quotas, |batch| {
            let core = cores.iter_mut().min_by(|one, other| one.total_cmp(other));
            let busy = work.database_ms.of_batch(batch);
            let queued = core.map_or(0.0, |core| {
                let begins = core.max(now);
                *core = begins + busy;
                begins + busy - now
            });
            database_busy += if tick >= late { busy } else { 0.0 };
            queued + orchestrator_ms(work, waits, batch)
        });
        steps.start(now, &mut account, quotas, |batch| handler.host_ms(work, waits, batch));
        allowed -= before - steps.waiting;
        steps.waiting += held_back;
        if tick >= late {
            done_late += applied;
            used_hosts += steps.running.len() as f64;
            used_orchestrators += reports.running.len() as f64;
            in_flight = in_flight.max(steps.in_flight()).max(reports.in_flight());
        }
    }
    let looked_at = (ticks - late) as f64;
    let steps_per_second = done_late / LOOKED_AT;
    let (hosts, orchestrators) = (used_hosts / looked_at, used_orchestrators / looked_at);
    let mut uses = vec![
        ("concurrency of run-steps", hosts / deployment.hosts.min(quotas.pollers_at_most)),
        ("concurrency of orchestrate", orchestrators / deployment.orchestrators.min(quotas.pollers_at_most)),
        ("concurrency of the account", (hosts + orchestrators) / concurrency),
        ("messages in flight", in_flight / quotas.in_flight),
        ("writes to the table of leases", steps_per_second * writes / table),
        ("processors of the database", database_busy / (LOOKED_AT * 1000.0) / deployment.cores),
    ];
    uses.sort_by(|one, other| other.1.total_cmp(&one.1));
    SimulatedMonth {
        steps_per_second,
        host_batch: steps.batch(),
        orchestrator_batch: reports.batch(),
        hosts,
        orchestrators,
        uses,
        caught_up_after,
    }
}
