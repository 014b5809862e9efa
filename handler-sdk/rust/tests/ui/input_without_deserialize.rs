use tasker_handler::prelude::*;

#[derive(JsonSchema)]
struct Order {
    _id: String,
}

#[handler]
fn step(_ctx: &Context, _order: Order) -> Result<(), Failure> {
    Ok(())
}

fn main() {}
