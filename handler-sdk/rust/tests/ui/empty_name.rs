use tasker_handler::prelude::*;

#[handler(name = " ")]
fn step(_ctx: &Context) -> Result<(), Failure> {
    Ok(())
}

fn main() {}
