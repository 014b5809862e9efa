//! Handlers whose executions a test can count: each tells the test's own HTTP server that it runs.

use tasker_handler::prelude::*;

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
