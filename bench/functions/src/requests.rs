//! Measures requests, round trips and processor time per step: tasks of four steps in a row, run through the
//! functions in batches of 1 and of 10, with a message for each step and with continuation.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Result, ensure};

use crate::{
    event_source,
    installation::{Chain, Installation, Seat},
    runtime_api::Function,
};

/// Steps per task.
const STEPS: usize = 4;
/// Tasks to measure.
const TASKS: usize = 100;

/// A function, its environment and its queue.
struct Driven {
    function: Function,
    seat: Seat,
    queue: &'static str,
    invocations: u64,
    took: Duration,
}

impl Driven {
    /// Invokes the function until its queue is empty. Returns whether it had messages.
    fn drain(&mut self, batch: usize) -> Result<bool> {
        let mut any = false;
        while let Some(event) = event_source::receive(self.queue, batch)? {
            let answer = self.function.invoke(&event)?;
            self.took += answer.took;
            self.invocations += 1;
            event_source::delete(self.queue, &event, &answer.value)?;
            any = true;
        }
        Ok(any)
    }

    fn start_afresh(&mut self) {
        self.seat.requests.take();
        self.seat.database.take();
        (self.invocations, self.took) = (0, Duration::ZERO);
    }
}

/// Runs tasks and prints their cost.
pub(crate) fn measure(installation: &Installation, programs: &Path) -> Result<()> {
    let driven = |program: &str, queue| -> Result<Driven> {
        let seat = installation.seat()?;
        let function = Function::start(&programs.join(program), &seat.environment)?;
        Ok(Driven { function, seat, queue, invocations: 0, took: Duration::ZERO })
    };
    let mut host = driven("tasker-function-run-steps", "steps")?;
    let mut orchestrator = driven("tasker-function-orchestrate", "reports")?;
    // Finish earlier work, fill caches and prepare statements.
    for (chain, batch) in Chain::ALL.into_iter().flat_map(|chain| [(chain, 10), (chain, 1)]) {
        run(installation, &mut host, &mut orchestrator, chain, batch, 20)?;
    }
    let mut work = installation.database_work()?;
    for (chain, batch) in Chain::ALL.into_iter().flat_map(|chain| [(chain, 1), (chain, 10)]) {
        host.start_afresh();
        orchestrator.start_afresh();
        installation.creator.requests.take();
        installation.creator.database.take();
        let before = installation.tasks()?;
        let processor = (host.function.processor_time(), orchestrator.function.processor_time());

        run(installation, &mut host, &mut orchestrator, chain, batch, TASKS)?;

        let processor = (
            host.function.processor_time().saturating_sub(processor.0),
            orchestrator.function.processor_time().saturating_sub(processor.1),
        );
        let work_after = installation.database_work()?;
        let done = |tasks: &BTreeMap<String, i64>| tasks.get("complete").copied().unwrap_or(0);
        let completed = done(&installation.tasks()?) - done(&before);
        ensure!(completed == TASKS as i64, "{completed} of {TASKS} tasks are complete");
        // A visit that is too long leaves its last steps to messages.
        let messages = if chain == Chain::Continued { TASKS } else { TASKS * STEPS };
        let visits = host.invocations as usize;
        ensure!(visits <= messages / batch * 6 / 5, "{visits} visits of the host for {messages} messages");

        let how = match chain {
            Chain::Apart => "a message for each step",
            Chain::Continued => "continuation",
        };
        println!("\nper step, {how}, batches of {batch} ({TASKS} tasks of {STEPS} steps)");
        let part = |who: &str, counts: BTreeMap<String, u64>| {
            for (what, count) in counts {
                line(who, &what, count as f64);
            }
        };
        part("creation", installation.creator.requests.take());
        part("creation", installation.creator.database.take());
        // Lambda receives and deletes once per invocation.
        for operation in ["SQS ReceiveMessage", "SQS DeleteMessageBatch"] {
            line("event source mappings", operation, (host.invocations + orchestrator.invocations) as f64);
        }
        for (name, driven, processor) in
            [("run-steps", &host, processor.0), ("orchestrate", &orchestrator, processor.1)]
        {
            part(name, driven.seat.requests.take());
            part(name, driven.seat.database.take());
            line(name, "invocations", driven.invocations as f64);
            line(name, "ms invoked, against the emulator", driven.took.as_secs_f64() * 1000.0);
            line(name, "ms of processor time", processor.as_secs_f64() * 1000.0);
        }
        line("database", "bytes of its write-ahead log", (work_after.log_bytes - work.log_bytes) as f64);
        line(
            "database",
            "ms of processor time",
            work_after.processor.saturating_sub(work.processor).as_secs_f64() * 1000.0,
        );
        for (function, (calls, time)) in &work_after.functions {
            let (calls_before, time_before) = work.functions.get(function).copied().unwrap_or_default();
            if *calls > calls_before {
                line("database", &format!("calls of {function}"), (calls - calls_before) as f64);
                line("database", &format!("ms in {function}"), time - time_before);
            }
        }
        work = work_after;
    }
    Ok(())
}

/// Creates tasks and runs them to their end; for small batches one task at a time, so that batches are not
/// larger.
fn run(
    installation: &Installation,
    host: &mut Driven,
    orchestrator: &mut Driven,
    chain: Chain,
    batch: usize,
    tasks: usize,
) -> Result<()> {
    for _ in 0..tasks / batch {
        installation.create(chain, batch)?;
        while host.drain(batch)? | orchestrator.drain(batch)? {}
    }
    Ok(())
}

fn line(who: &str, what: &str, total: f64) {
    println!("  {who:<24} {what:<44} {:>9.3}", total / (TASKS * STEPS) as f64);
}
