//! Handlers whose executions a test can count: each tells the test's own HTTP server that it runs.

use std::time::Duration;

use tasker_handler::{prelude::*, serde_json::Value};

/// What each workflow starts from.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Input {
    /// A number that makes every task's results others.
    pub n: u64,
}

/// What each step passes on.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Sum {
    /// One more than the sum of the dependencies' values, or than the input's number.
    pub value: u64,
}

/// A step's `handler.initialization`.
#[derive(Debug, Deserialize)]
pub struct Counting {
    /// Where executions are counted: `http://127.0.0.1:1234`.
    pub counter: String,
    /// After how many milliseconds the answer comes.
    pub hold_ms: u64,
}

/// Says that it runs, waits for the answer, and adds up.
#[handler]
fn counted(ctx: &Context, input: Input) -> Result<Sum, Failure> {
    let Counting { counter, hold_ms } = ctx.configuration()?;
    let url = format!("{counter}/{}/{}?hold_ms={hold_ms}", ctx.task_id(), ctx.step_name());
    http::post(&url).send()?.error_for_status()?;
    let mut value = 1;
    let mut dependencies = 0;
    for name in ctx.dependency_names() {
        dependencies += 1;
        value += ctx.dependency::<Sum>(name)?.value;
    }
    Ok(Sum { value: if dependencies == 0 { input.n + 1 } else { value } })
}

/// Fails for good where the input asks for it.
#[handler]
fn refuse(_ctx: &Context) -> Result<Sum, Failure> {
    Err(Failure::permanent("Refused", "this handler always refuses"))
}

/// How the workflows of operators' tests are to go.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Plan {
    /// The steps that the decision names.
    #[serde(default)]
    pub branch: Vec<String>,
    /// How many workers the batch has.
    #[serde(default)]
    pub workers: u64,
    /// Which of them fail for good, counting from 0.
    #[serde(default)]
    pub failing: Vec<u64>,
    /// How many checkpoints each of them saves.
    #[serde(default)]
    pub checkpoints: u64,
    /// How long each run of one takes, in milliseconds.
    #[serde(default)]
    pub hold_ms: u64,
}

/// Completes with the values of its dependencies.
#[handler]
fn echo(ctx: &Context) -> Result<Vec<Value>, Failure> {
    log::info!("{} has {} dependencies", ctx.step_name(), ctx.dependency_names().count());
    ctx.dependency_names().map(|name| ctx.dependency(name)).collect()
}

/// Names the branches that the input names.
#[handler]
fn choose(_ctx: &Context, plan: Plan) -> Result<Outcome<usize>, Failure> {
    let count = plan.branch.len();
    Ok(Outcome::branch(plan.branch, count))
}

/// Cuts as many slices as the input says.
#[handler]
fn cut(_ctx: &Context, plan: Plan) -> Result<Outcome<u64>, Failure> {
    Outcome::batch(batch::ranges(plan.workers * 10, 10), plan.workers)
}

/// Does one slice, with as many checkpoints as the input says.
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

/// Fails, and asks to be tried again in an hour.
#[handler]
fn later(_ctx: &Context) -> Result<Sum, Failure> {
    Err(Failure::retry_after("NotYet", "the bank is closed", Duration::from_secs(3600)))
}
