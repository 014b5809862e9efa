//! What a handler can return.

use tasker_handler::{prelude::*, serde_json::Value};

/// A decision.
#[derive(Deserialize, JsonSchema)]
struct Branch {
    steps: Vec<String>,
    result: Value,
}

/// Selects the steps of its input.
#[handler]
fn branch(_ctx: &Context, input: Branch) -> Result<Outcome<Value>, Failure> {
    Ok(Outcome::branch(input.steps, input.result))
}

/// A batch.
#[derive(Deserialize, JsonSchema)]
struct Batch {
    cursors: Vec<Value>,
    result: Value,
}

/// Creates a worker for each cursor of its input.
#[handler]
fn batch(_ctx: &Context, input: Batch) -> Result<Outcome<Value>, Failure> {
    Outcome::batch(input.cursors, input.result)
}

/// How to split.
#[derive(Deserialize, JsonSchema)]
struct Split {
    total: u64,
    size: u64,
    workers: u32,
}

/// Splits work by size and by the number of workers.
#[handler]
fn split(_ctx: &Context, input: Split) -> Result<Outcome<Vec<batch::Range>>, Failure> {
    Outcome::batch(batch::ranges(input.total, input.size), batch::split(input.total, input.workers))
}

/// Saves its input.
#[handler]
fn checkpoint(_ctx: &Context, input: Value) -> Result<Outcome<Value>, Failure> {
    Outcome::checkpoint(input)
}

/// Returns the checkpoint and the cursor; null where there is none.
#[handler]
fn resumed(ctx: &Context) -> Result<Vec<Option<Value>>, Failure> {
    Ok(vec![ctx.checkpoint()?, ctx.cursor()?])
}

/// Processes its slice, 10 rows a run, and counts them.
#[handler]
fn rows(ctx: &Context) -> Result<Outcome<batch::Counts>, Failure> {
    let slice = ctx.slice()?;
    let mut progress: batch::Progress<batch::Counts> = batch::Progress::resume(ctx)?;
    let end = slice.end.min(progress.cursor + 10);
    let count = end - progress.cursor;
    progress.accumulated += batch::Counts { processed: count, succeeded: count, ..Default::default() };
    progress.advance(end, count);
    if end < slice.end {
        return progress.checkpoint();
    }
    Ok(Outcome::Complete(progress.accumulated))
}

/// Adds up the results of the workers of `rows`.
#[handler]
fn sum_up(ctx: &Context) -> Result<batch::Counts, Failure> {
    Ok(ctx.worker_results::<batch::Counts>("rows")?.into_iter().map(|(_, counts)| counts).sum())
}
