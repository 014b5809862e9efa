use tasker_handler::prelude::*;

#[handler]
fn step(_ctx: &Context, _input: &String) -> Result<(), Failure> {
    Ok(())
}

fn main() {}
