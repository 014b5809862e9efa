//! Measures first invocations on a platform that starts functions: the emulator's Lambda runs the packed
//! program. The emulator's overhead is the same for every invocation, so the first one is compared with the
//! next.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tasker_test_support::{emulator, kill_function};

use crate::{
    event_source,
    figures::{at, median_ms},
    installation::{Chain, Installation, Seat},
};

/// Tasks, each of four steps. Every other invocation is a cold start.
const TASKS: usize = 10;

/// Invokes both functions for real messages and prints the times of cold and warm invocations.
pub(crate) fn measure(installation: &Installation, programs: &Path) -> Result<()> {
    let mut host = Deployed::new("run-steps", "steps", &installation.seat()?, programs)?;
    let mut orchestrator = Deployed::new("orchestrate", "reports", &installation.seat()?, programs)?;
    // The first invocations also unpack the programs.
    installation.create(Chain::Apart, 1)?;
    for _ in 0..4 {
        host.invoke()?;
        orchestrator.invoke()?;
    }
    for _ in 0..TASKS {
        installation.create(Chain::Apart, 1)?;
        for _ in 0..2 {
            host.start_and_invoke()?;
            orchestrator.start_and_invoke()?;
            host.invoke()?;
            orchestrator.invoke()?;
        }
    }
    println!(
        "\n{:<44} {:>9} {:>9} {:>12} {:>12}",
        "in the emulator, ms", "cold p50", "p90", "warm p50", "difference"
    );
    for function in [host, orchestrator] {
        // Skip the first four.
        let warm = &function.warm[4..];
        let (cold, usual) = (median_ms(&function.cold), median_ms(warm));
        println!(
            "{:<44} {:>9.1} {:>9.1} {:>12.1} {:>12.1}",
            function.name,
            cold,
            at(&function.cold, 0.9),
            usual,
            cold - usual
        );
    }
    Ok(())
}

/// A function in the emulator.
struct Deployed {
    name: &'static str,
    queue: &'static str,
    cold: Vec<Duration>,
    warm: Vec<Duration>,
}

impl Deployed {
    fn new(name: &'static str, queue: &'static str, seat: &Seat, programs: &Path) -> Result<Self> {
        let archive = programs.join(format!("{name}.zip"));
        let code = fs::read(&archive).with_context(|| format!("reading {}", archive.display()))?;
        let request = json!({
            "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 300, "MemorySize": 1769,
            "Role": "arn:aws:iam::000000000000:role/measured", "Code": { "ZipFile": BASE64_STANDARD.encode(code) },
            "Environment": { "Variables": seat.environment },
        });
        ureq::post(format!("{}/2015-03-31/functions", emulator()))
            .send(request.to_string())
            .with_context(|| format!("creating the function {name}"))?;
        Ok(Self { name, queue, cold: Vec::new(), warm: Vec::new() })
    }

    /// Kills the function's process and invokes it for a message of its queue.
    fn start_and_invoke(&mut self) -> Result<()> {
        if kill_function(emulator(), self.name) != 1 {
            bail!("one process of {} was expected", self.name);
        }
        let took = self.invoke_for_message()?;
        self.cold.push(took);
        Ok(())
    }

    /// Invokes it for a message of its queue.
    fn invoke(&mut self) -> Result<()> {
        let took = self.invoke_for_message()?;
        self.warm.push(took);
        Ok(())
    }

    fn invoke_for_message(&self) -> Result<Duration> {
        let event = event_source::receive(self.queue, 1)?
            .with_context(|| format!("{} has a message for {}", self.queue, self.name))?;
        let begun = Instant::now();
        let mut answer = ureq::post(format!("{}/2015-03-31/functions/{}/invocations", emulator(), self.name))
            .send(event.to_string())?;
        let text = answer.body_mut().read_to_string()?;
        let took = begun.elapsed();
        if answer.headers().contains_key("x-amz-function-error") {
            bail!("{} failed: {text}", self.name);
        }
        event_source::delete(self.queue, &event, &serde_json::from_str::<Value>(&text)?)?;
        Ok(took)
    }
}
