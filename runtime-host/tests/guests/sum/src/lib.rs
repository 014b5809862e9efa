//! The handler for the benchmark: reads a small JSON document, adds up prices, returns another document.

use exports::tasker::handler::step_handler::{Failure, Guest, HandlerDescription, Outcome, StepContext};
use serde_json::{Value, json};

wit_bindgen::generate!({ path: "../../../../handler-sdk/wit", world: "handlers" });

struct Sum;

impl Guest for Sum {
    fn describe() -> Vec<HandlerDescription> {
        vec![HandlerDescription {
            name: "sum".into(),
            description: "Adds up the prices of an order.".into(),
            input_schema: None,
            result_schema: None,
        }]
    }

    fn handle(_handler: String, context: StepContext) -> Result<Outcome, Failure> {
        let input: Value = serde_json::from_str(&context.task_input).unwrap();
        let items = input["items"].as_array().unwrap();
        let total: f64 = items.iter().map(|item| item["price"].as_f64().unwrap()).sum();
        Ok(Outcome::Complete(json!({ "order": input["order"], "total": total }).to_string()))
    }
}

export!(Sum);
