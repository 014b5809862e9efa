use tasker_handler::prelude::*;

#[handler]
fn step(_ctx: &Context) {}

fn main() {}
