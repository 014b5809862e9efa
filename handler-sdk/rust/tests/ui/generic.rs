use tasker_handler::prelude::*;

#[handler]
fn step<T>(_ctx: &Context) -> Result<(), Failure> {
    Ok(())
}

fn main() {}
