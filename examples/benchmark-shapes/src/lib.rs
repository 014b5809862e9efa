//! The handler of the benchmark's workflows. Its sums prove that every result arrived.

use tasker_handler::prelude::*;

/// The input of the workflows.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Input {
    /// A number that differs per task.
    pub n: u64,
}

/// The result of each step.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Sum {
    /// One more than the sum of the dependencies' values, or than the input's number if there are no
    /// dependencies.
    pub value: u64,
}

/// Adds 1 to the sum of its dependencies' values.
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
