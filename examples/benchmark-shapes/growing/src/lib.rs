//! The handlers of workflows that grow while they run: a decision, and a batch with its workers.

use tasker_handler::prelude::*;

/// What each workflow starts from.
#[derive(Debug, Deserialize, JsonSchema)]
struct Input {
    n: u64,
}

/// What each step passes on.
#[derive(Debug, Serialize, JsonSchema)]
struct Sum {
    value: u64,
}

/// Chooses one of two branches.
#[handler]
fn choose(_ctx: &Context, input: Input) -> Result<Outcome<Sum>, Failure> {
    let branch = if input.n % 2 == 0 { "even" } else { "odd" };
    Ok(Outcome::branch([branch], Sum { value: input.n }))
}

/// How a batch is cut.
#[derive(Debug, Deserialize)]
struct Cut {
    rows: u64,
    workers: u32,
}

/// Cuts rows into as many slices as it is configured to.
#[handler]
fn cut_rows(ctx: &Context, input: Input) -> Result<Outcome<Sum>, Failure> {
    let cut: Cut = ctx.configuration()?;
    Outcome::batch(batch::split(cut.rows, cut.workers), Sum { value: input.n })
}

/// Adds up the rows of its slice.
#[handler]
fn sum_rows(ctx: &Context) -> Result<Sum, Failure> {
    let slice = ctx.slice()?;
    Ok(Sum { value: (slice.start..slice.end).sum() })
}
