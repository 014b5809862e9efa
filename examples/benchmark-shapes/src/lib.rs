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
