use tasker_handler::prelude::*;

#[handler]
fn step() -> Result<(), Failure> {
    Ok(())
}

fn main() {}
