//! Measures function starts: from process start to ready, and from then to the first response.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result};

use crate::{
    event_source,
    figures::{at, median_ms},
    installation::{Chain, Installation, Seat},
    runtime_api::Function,
};

/// The number of measured starts.
const STARTS: usize = 20;

/// Starts each function repeatedly, each time for one real message, and prints the times.
pub(crate) fn measure(installation: &Installation, programs: &Path) -> Result<()> {
    let (host, orchestrator) =
        (programs.join("tasker-function-run-steps"), programs.join("tasker-function-orchestrate"));
    println!(
        "{:<44} {:>9} {:>9} {:>12} {:>9} {:>9} {:>9}",
        "cold start, ms", "ready p50", "p90", "1st response", "CPU", "RSS MB", "binary MB"
    );

    let seat = installation.seat()?;
    let empty = tempfile::tempdir()?;
    let mut elsewhere = installation.seat()?;
    let cache = empty.path().display().to_string();
    elsewhere.environment.insert("TASKER_CACHE_DIR".to_owned(), cache);
    // The first start fills the component cache.
    start_host(installation, &host, &seat)?;
    let in_place: Vec<Start> =
        (0..STARTS).map(|_| start_host(installation, &host, &seat)).collect::<Result<_>>()?;
    print("run-steps, its component in place", &in_place, &host)?;
    let fetched = || {
        fs::remove_dir_all(empty.path()).context("emptying the cache")?;
        start_host(installation, &host, &elsewhere)
    };
    let fetched: Vec<Start> = (0..STARTS).map(|_| fetched()).collect::<Result<_>>()?;
    print("run-steps, its component fetched from S3", &fetched, &host)?;

    let seat = installation.seat()?;
    let start = || {
        let event =
            event_source::receive("reports", 1)?.context("each step that was run has been reported")?;
        let start = Start::of(&orchestrator, &seat, &event)?;
        event_source::delete("reports", &event, &start.answer)?;
        Ok(start)
    };
    let connecting: Vec<Start> = (0..STARTS).map(|_| start()).collect::<Result<_>>()?;
    print("orchestrate, its first connection with it", &connecting, &orchestrator)
}

/// The times of one start.
struct Start {
    ready: Duration,
    first: Duration,
    processor: Duration,
    memory: u64,
    answer: serde_json::Value,
}

impl Start {
    fn of(program: &Path, seat: &Seat, event: &serde_json::Value) -> Result<Self> {
        let mut function = Function::start(program, &seat.environment)?;
        let processor = function.processor_time();
        let answer = function.invoke(event)?;
        Ok(Self {
            ready: function.ready_after,
            first: answer.took,
            processor,
            memory: function.memory(),
            answer: answer.value,
        })
    }
}

/// Starts a host for the first step of a new task.
fn start_host(installation: &Installation, program: &Path, seat: &Seat) -> Result<Start> {
    installation.create(Chain::Apart, 1)?;
    let event = event_source::receive("steps", 1)?.context("a task begins with a step")?;
    let start = Start::of(program, seat, &event)?;
    event_source::delete("steps", &event, &start.answer)?;
    Ok(start)
}

fn print(what: &str, starts: &[Start], program: &Path) -> Result<()> {
    let ready: Vec<Duration> = starts.iter().map(|start| start.ready).collect();
    let first: Vec<Duration> = starts.iter().map(|start| start.first).collect();
    let processor: Vec<Duration> = starts.iter().map(|start| start.processor).collect();
    let memory = starts.iter().map(|start| start.memory).max().unwrap_or(0);
    println!(
        "{:<44} {:>9.1} {:>9.1} {:>12.1} {:>9.1} {:>9.1} {:>9.1}",
        what,
        median_ms(&ready),
        at(&ready, 0.9),
        median_ms(&first),
        median_ms(&processor),
        memory as f64 / 1e6,
        fs::metadata(program)?.len() as f64 / 1e6,
    );
    Ok(())
}
