//! Measures the sustained throughput under constant load.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};
use serde::Serialize;

use crate::{
    processes::cpu_seconds,
    server::{Server, Task},
    shapes::NAMESPACE,
};

/// The template of every load.
pub(crate) const TEMPLATE: &str = "linear_4";
/// The steps of [`TEMPLATE`].
pub(crate) const STEPS: usize = 4;
/// The number of concurrent clients that create tasks as fast as they are accepted.
const CALLERS: usize = 32;
/// The largest number of concurrent clients that keep a number of tasks under way. The API accepts 768.
const KEEPERS: usize = 256;
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
    /// Tasks under way in the middle of the run, on average, by the database's clock.
    pub(crate) in_flight: f64,
}

/// The tasks of a run.
pub(crate) struct Load<'a> {
    pub(crate) tasks: usize,
    /// No task is created later than this after the start.
    pub(crate) at_most: Duration,
    /// How many tasks may be under way at once; `None` creates them as fast as they are accepted.
    pub(crate) in_flight: Option<usize>,
    /// The namespace and the JSON input of a task, by its number.
    pub(crate) namespace: &'a (dyn Fn(usize) -> String + Sync),
    pub(crate) input: &'a (dyn Fn(usize) -> String + Sync),
}

impl Default for Load<'_> {
    fn default() -> Self {
        Self {
            tasks: 20_000,
            at_most: Duration::from_secs(300),
            in_flight: None,
            namespace: &|_| NAMESPACE.to_owned(),
            input: &|n| format!(r#"{{"n":{n}}}"#),
        }
    }
}

/// Creates tasks as fast as they are accepted and waits for all of them.
pub(crate) fn measure(server: &Server) -> Result<Throughput> {
    run(server, &Load::default())
}

/// Runs a load and waits for all of its tasks.
pub(crate) fn run(server: &Server, load: &Load) -> Result<Throughput> {
    let callers = load.in_flight.map_or(CALLERS, |tasks| tasks.clamp(1, KEEPERS));
    let next = AtomicUsize::new(0);
    let cpu = cpu_seconds();
    let started = Instant::now();
    let created = thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|caller| {
                let share = |total: usize| total / callers + usize::from(caller < total % callers);
                let window = load.in_flight.map(share);
                let (next, started) = (&next, &started);
                scope.spawn(move || call(server, load, window, next, started))
            })
            .collect();
        let mut created = 0;
        for caller in callers {
            created += caller.join().map_err(|_| anyhow!("a caller panicked"))??;
        }
        Ok::<_, anyhow::Error>(created)
    })?;
    let overall = started.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu;
    let tasks = server.tasks(&Server::agent(), TEMPLATE, created)?;
    let (steps_per_second, in_flight) = middle(&tasks, load.in_flight.unwrap_or(0))?;
    Ok(Throughput {
        tasks: tasks.len(),
        steps_per_second,
        steps_per_second_overall: (created * STEPS) as f64 / overall,
        cpu_seconds_per_1000_steps: cpu * 1000.0 / (created * STEPS) as f64,
        in_flight,
    })
}

/// Creates tasks, at most `window` of which are under way, and waits for them. Returns their number.
fn call(
    server: &Server,
    load: &Load,
    window: Option<usize>,
    next: &AtomicUsize,
    started: &Instant,
) -> Result<usize> {
    let agent = Server::agent();
    let mut open: VecDeque<String> = VecDeque::new();
    let mut created = 0;
    while started.elapsed() < load.at_most {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= load.tasks {
            break;
        }
        match window {
            // The last one is enough to know when to look for all.
            None => open.clear(),
            Some(window) if open.len() < window => {}
            // Waiting costs the server requests, so a wide window waits for some of its tasks only. They end about in
            // order.
            Some(window) => {
                if let Some(task) = open.drain(..(window / 10).max(1)).next_back() {
                    server.wait(&agent, &task)?;
                }
            }
        }
        open.push_back(server.create(&agent, &(load.namespace)(n), TEMPLATE, &(load.input)(n))?);
        created += 1;
    }
    for task in open {
        server.wait(&agent, &task)?;
    }
    Ok(created)
}

/// The completed steps per second and the tasks under way between the ends of a run. At each end, at least the first
/// `filling` tasks do not count.
fn middle(tasks: &[Task], filling: usize) -> Result<(f64, f64)> {
    let micros =
        |task: &Task| Some((task.created_at.timestamp_micros(), task.completed_at?.timestamp_micros()));
    let times: Vec<(i64, i64)> = tasks.iter().filter_map(micros).collect();
    let mut ends: Vec<i64> = times.iter().map(|(_, end)| *end).collect();
    ends.sort_unstable();
    let edge = ((ends.len() as f64 * EDGE) as usize).max(filling.min(ends.len() / 3));
    let middle = ends.get(edge..ends.len() - edge).unwrap_or_default();
    let (Some(&first), Some(&last)) = (middle.first(), middle.last()) else {
        anyhow::bail!("no task ended");
    };
    ensure!(last > first, "too few tasks ended for a throughput");
    let span = (last - first) as f64;
    let under_way: i64 = times.iter().map(|(start, end)| (end.min(&last) - start.max(&first)).max(0)).sum();
    Ok(((middle.len() * STEPS) as f64 * 1e6 / span, under_way as f64 / span))
}
