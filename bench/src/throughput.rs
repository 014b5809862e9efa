//! Measures the sustained throughput under constant load.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, anyhow};
use serde::Serialize;

use crate::server::Server;

/// The number of tasks, each of four steps.
const TASKS: usize = 20_000;
/// The template.
const TEMPLATE: &str = "linear_4";
const STEPS: usize = 4;
/// The number of concurrent clients.
const CALLERS: usize = 32;
/// The share of the run at each end that is not counted, because the queue fills and drains there.
const EDGE: f64 = 0.1;

/// The throughput of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Throughput {
    /// Completed tasks.
    pub(crate) tasks: usize,
    /// Completed steps per second in the middle of the run, by the database's clock.
    pub(crate) steps_per_second: f64,
    /// Completed steps per second of the whole run, from the first request to the last completion, by the
    /// client's clock.
    pub(crate) steps_per_second_overall: f64,
    /// Processor time of server and database per 1,000 steps, in seconds.
    pub(crate) cpu_seconds_per_1000_steps: f64,
}

/// Creates tasks as fast as they are accepted and waits for all of them.
pub(crate) fn measure(server: &Server) -> Result<Throughput> {
    let next = AtomicUsize::new(0);
    let cpu = server.cpu_seconds();
    let started = Instant::now();
    let last = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    let agent = Server::agent();
                    let mut last = None;
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= TASKS {
                            return Ok::<_, anyhow::Error>(last);
                        }
                        last = Some(server.create(&agent, TEMPLATE, n)?);
                    }
                })
            })
            .collect();
        let mut last = Vec::new();
        for caller in callers {
            last.extend(caller.join().map_err(|_| anyhow!("a caller panicked"))??);
        }
        Ok::<_, anyhow::Error>(last)
    })?;
    let agent = Server::agent();
    for task in &last {
        server.wait(&agent, task)?;
    }
    let overall = started.elapsed().as_secs_f64();
    let cpu = server.cpu_seconds() - cpu;
    let tasks = server.tasks(&agent, TEMPLATE, TASKS)?;
    let mut ends: Vec<i64> =
        tasks.iter().filter_map(|task| Some(task.completed_at?.timestamp_micros())).collect();
    ends.sort_unstable();
    let edge = (ends.len() as f64 * EDGE) as usize;
    let middle = ends.get(edge..ends.len() - edge).context("no task ended")?;
    let (Some(first), Some(end)) = (middle.first(), middle.last()) else { anyhow::bail!("no task ended") };
    Ok(Throughput {
        tasks: tasks.len(),
        steps_per_second: (middle.len() * STEPS) as f64 * 1e6 / (end - first).max(1) as f64,
        steps_per_second_overall: (TASKS * STEPS) as f64 / overall,
        cpu_seconds_per_1000_steps: cpu * 1000.0 / (TASKS * STEPS) as f64,
    })
}
