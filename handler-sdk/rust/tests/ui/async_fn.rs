use tasker_handler::prelude::*;

#[handler]
async fn step(_ctx: &Context) -> Result<(), Failure> {
    Ok(())
}

fn main() {}
