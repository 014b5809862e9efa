//! Handlers of workflows that create steps at run time: a decision, and a batch with its workers.

use tasker_handler::prelude::*;

/// The input of the workflows.
#[derive(Debug, Deserialize, JsonSchema)]
struct Input {
    n: u64,
}

/// The result of each step.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Sum {
    value: u64,
}

/// Selects one of two branches.
#[handler]
fn choose(_ctx: &Context, input: Input) -> Result<Outcome<Sum>, Failure> {
    let branch = if input.n % 2 == 0 { "even" } else { "odd" };
    Ok(Outcome::branch([branch], Sum { value: input.n }))
}

/// How the batch is split.
#[derive(Debug, Deserialize)]
struct Cut {
    rows: u64,
    workers: u32,
}

/// Splits the rows into the configured number of slices.
#[handler]
fn cut_rows(ctx: &Context, input: Input) -> Result<Outcome<Sum>, Failure> {
    let cut: Cut = ctx.configuration()?;
    Outcome::batch(batch::split(cut.rows, cut.workers), Sum { value: input.n })
}

/// Adds up the row numbers of its slice.
#[handler]
fn sum_rows(ctx: &Context) -> Result<Sum, Failure> {
    let slice = ctx.slice()?;
    Ok(Sum { value: (slice.start..slice.end).sum() })
}

/// Adds up the results of the workers named `process`.
#[handler]
fn add_results(ctx: &Context) -> Result<Sum, Failure> {
    let results = ctx.worker_results::<Sum>("process")?;
    Ok(Sum { value: results.iter().map(|(_, sum)| sum.value).sum() })
}
