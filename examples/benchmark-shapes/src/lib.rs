//! The one handler of the benchmark's workflows: it does the arithmetic that shows that every result arrived.

use tasker_handler::prelude::*;

/// What each workflow starts from.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Input {
    /// A number that makes every task's input another.
    pub n: u64,
}

/// What each step passes on.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Sum {
    /// One more than the sum of the dependencies' values, or than the input's number.
    pub value: u64,
}

/// Adds up what its dependencies passed on, and one.
#[handler]
fn add_up(ctx: &Context, input: Input) -> Result<Sum, Failure> {
    let mut names = ctx.dependency_names().peekable();
    if names.peek().is_none() {
        return Ok(Sum { value: input.n + 1 });
    }
    let mut value = 1_u64;
    for name in names {
        value = value.wrapping_add(ctx.dependency::<Sum>(name)?.value);
    }
    Ok(Sum { value })
}

/// Chooses one of two branches.
#[handler]
fn choose(ctx: &Context, input: Input) -> Result<Outcome<Sum>, Failure> {
    let branch = if input.n % 2 == 0 { "even" } else { "odd" };
    Ok(Outcome::branch([branch], add_up(ctx, input)?))
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
