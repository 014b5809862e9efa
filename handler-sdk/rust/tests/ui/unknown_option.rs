use tasker_handler::prelude::*;

#[handler(title = "Step")]
fn step(_ctx: &Context) -> Result<(), Failure> {
    Ok(())
}

fn main() {}
