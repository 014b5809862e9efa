use tasker_handler::prelude::*;

struct Steps;

impl Steps {
    #[handler]
    fn step(&self) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
