//! Handlers whose executions are counted: each sends a request to the test's HTTP server.

use std::time::Duration;

use tasker_handler::{prelude::*, serde_json::Value};

/// The input of each workflow.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Input {
    /// A number that makes every task's results different.
    pub n: u64,
}

/// The result of each step.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Sum {
    /// One more than the sum of the dependencies' values, or than the input's number.
    pub value: u64,
    /// What makes the result long.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub padding: String,
}

/// A step's `handler.initialization`.
#[derive(Debug, Deserialize)]
pub struct Counting {
    /// The URL of the counting server: `http://127.0.0.1:1234`.
    pub counter: String,
    /// The delay of its response, in milliseconds.
    pub hold_ms: u64,
    /// The length of the result's padding, in bytes.
    #[serde(default)]
    pub padding_bytes: usize,
}

/// Sends a request to the counting server, waits for the response, and returns the sum.
#[handler]
fn counted(ctx: &Context, input: Input) -> Result<Sum, Failure> {
    let Counting { counter, hold_ms, padding_bytes } = ctx.configuration()?;
    let url = format!("{counter}/{}/{}?hold_ms={hold_ms}", ctx.task_id(), ctx.step_name());
    http::post(&url).send()?.error_for_status()?;
    let mut value = 1;
    let mut dependencies = 0;
    for name in ctx.dependency_names() {
        dependencies += 1;
        value += ctx.dependency::<Sum>(name)?.value;
    }
    let value = if dependencies == 0 { input.n + 1 } else { value };
    Ok(Sum { value, padding: "x".repeat(padding_bytes) })
}

/// Fails permanently if the input requests it.
#[handler]
fn refuse(_ctx: &Context) -> Result<Sum, Failure> {
    Err(Failure::permanent("Refused", "this handler always refuses"))
}

/// The input of the workflows for operators' tests.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Plan {
    /// The steps that the decision names.
    #[serde(default)]
    pub branch: Vec<String>,
    /// The number of workers in the batch.
    #[serde(default)]
    pub workers: u64,
    /// The workers that fail permanently, counted from 0.
    #[serde(default)]
    pub failing: Vec<u64>,
    /// The number of checkpoints per worker.
    #[serde(default)]
    pub checkpoints: u64,
    /// The duration of each run of a worker, in milliseconds.
    #[serde(default)]
    pub hold_ms: u64,
}

/// Returns the values of its dependencies.
#[handler]
fn echo(ctx: &Context) -> Result<Vec<Value>, Failure> {
    log::info!("{} has {} dependencies", ctx.step_name(), ctx.dependency_names().count());
    ctx.dependency_names().map(|name| ctx.dependency(name)).collect()
}

/// Returns the branches that the input names.
#[handler]
fn choose(_ctx: &Context, plan: Plan) -> Result<Outcome<usize>, Failure> {
    let count = plan.branch.len();
    Ok(Outcome::branch(plan.branch, count))
}

/// Returns as many cursors as the input requests.
#[handler]
fn cut(_ctx: &Context, plan: Plan) -> Result<Outcome<u64>, Failure> {
    Outcome::batch(batch::ranges(plan.workers * 10, 10), plan.workers)
}

/// Processes one cursor, with as many checkpoints as the input requests.
#[handler]
fn row(ctx: &Context, plan: Plan) -> Result<Outcome<u64>, Failure> {
    std::thread::sleep(Duration::from_millis(plan.hold_ms));
    let Some(slice) = ctx.cursor::<batch::Range>()? else { return Ok(Outcome::Complete(0)) };
    if plan.failing.contains(&(slice.start / 10)) {
        return Err(Failure::permanent("BadRow", format!("row {} has no amount", slice.start + 3)));
    }
    let saved: u64 = ctx.checkpoint()?.unwrap_or(0);
    if saved < plan.checkpoints {
        return Outcome::checkpoint(saved + 1);
    }
    Ok(Outcome::Complete(slice.end - slice.start))
}

/// Fails, and requests a retry in an hour.
#[handler]
fn later(_ctx: &Context) -> Result<Sum, Failure> {
    Err(Failure::retry_after("NotYet", "the bank is closed", Duration::from_secs(3600)))
}
