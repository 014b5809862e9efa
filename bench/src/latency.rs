//! Measures the latency of single tasks on an idle system.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{
    server::Server,
    shapes::{NAMESPACE, Shape},
};

/// Uncounted runs that fill caches.
const WARM_UP: usize = 20;
/// No run starts later, except the first that counts.
const LONGEST: Duration = Duration::from_secs(60);

/// The latency of a shape.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Latency {
    pub(crate) shape: Shape,
    /// From `created_at` to `completed_at` in the database, in milliseconds.
    pub(crate) database: Percentiles,
    /// From before the create request to after the response that the task is complete, in milliseconds.
    pub(crate) client: Percentiles,
}

/// Percentiles, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Percentiles {
    /// Calculates the percentiles of some measurements.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let index = (values.len() as f64 * share).ceil() as usize;
            values.get(index.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        Self { p50: at(0.5), p99: at(0.99) }
    }
}

/// Runs a shape repeatedly, one task at a time, with a number as its input.
pub(crate) fn measure(server: &Server, shape: &Shape) -> Result<Latency> {
    measure_with(server, shape, &|run| format!(r#"{{"n":{run}}}"#))
}

/// As [`measure`], with the input that each run gets, as JSON.
pub(crate) fn measure_with(
    server: &Server,
    shape: &Shape,
    input: &dyn Fn(usize) -> String,
) -> Result<Latency> {
    let agent = Server::agent();
    let warm_up = if shape.runs > WARM_UP { WARM_UP } else { 0 };
    let (mut database, mut client) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    for run in 0..warm_up + shape.runs {
        if !client.is_empty() && begin.elapsed() > LONGEST {
            break;
        }
        let input = input(run);
        let started = Instant::now();
        let id = server.create(&agent, NAMESPACE, shape.name, &input)?;
        let task = server.wait(&agent, &id)?;
        let elapsed = started.elapsed().as_secs_f64() * 1000.0;
        let completed = task.completed_at.context("a complete task has the time of its end")?;
        if run >= warm_up {
            client.push(elapsed);
            let microseconds = (completed - task.created_at).num_microseconds().unwrap_or(i64::MAX);
            database.push(microseconds as f64 / 1000.0);
        }
    }
    eprintln!("measured {}", shape.name);
    Ok(Latency { shape: shape.clone(), database: Percentiles::of(database), client: Percentiles::of(client) })
}
