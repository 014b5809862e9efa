//! Well-behaved handlers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::tasker::handler::execution;
use crate::wasi::config::store;
use crate::wasi::logging::logging::{self, Level};
use crate::{Answer, Batch, Branch, Failure, Outcome, StepContext, complete, failure, text};

static CALLS: AtomicU32 = AtomicU32::new(0);

pub(crate) fn handle(handler: &str, context: &StepContext) -> Option<Answer> {
    Some(match handler {
        "echo" => complete(context.task_input.clone()),
        "sum" => sum(context),
        "context" => everything(context),
        "branch" => Ok(Outcome::Branch(Branch { steps: vec!["left".into()], result: "1".into() })),
        "batch" => {
            Ok(Outcome::Batch(Batch { cursors: vec!["[0,10]".into(), "[10,20]".into()], result: "2".into() }))
        }
        "checkpoint" => Ok(Outcome::Checkpoint(r#"{"row":7}"#.into())),
        "decline" => Err(Failure {
            retryable: true,
            retry_after_ms: Some(1500),
            details: Some(r#"{"code":51}"#.into()),
            ..failure("CardDeclined", "not \u{1b}[31menough\u{1b}[0m money")
        }),
        "count-calls" => complete(CALLS.fetch_add(1, Ordering::Relaxed).to_string()),
        "speak" => {
            println!("to standard output");
            eprintln!("to standard error");
            logging::log(Level::Critical, "orders", "to the log");
            complete("null")
        }
        "configuration" => {
            let value = |key: &str| match store::get(key) {
                Ok(value) => json!(value),
                Err(error) => json!({ "error": format!("{error:?}") }),
            };
            let all: Vec<Value> = store::get_all().unwrap().into_iter().map(|(key, _)| json!(key)).collect();
            complete(json!({ "region": value("region"), "limits": value("limits"), "key": value("payment-key"), "far": value("far-away"), "all": all }).to_string())
        }
        "sleep" => {
            std::thread::sleep(Duration::from_millis(context.task_input.parse().unwrap()));
            text("slept")
        }
        "wait-for-cancellation" => {
            wait_for_cancellation();
            text("stopped")
        }
        // Waits for its cancellation, then ends as the named handler.
        "late-branch" | "late-batch" | "late-checkpoint" | "late-decline" => {
            wait_for_cancellation();
            return handle(handler.strip_prefix("late-").unwrap(), context);
        }
        "time-left" => complete(execution::remaining_time_ms().to_string()),
        "compute" => {
            let end = Instant::now() + Duration::from_millis(context.task_input.parse().unwrap());
            while Instant::now() < end {}
            text("computed")
        }
        "random" => {
            let mut numbers = [0; 2];
            for number in &mut numbers {
                *number = wasip2::random::random::get_random_u64();
            }
            complete(json!(numbers).to_string())
        }
        _ => return None,
    })
}

fn wait_for_cancellation() {
    execution::heartbeat(Some("waiting \u{1b}[1mpatiently"));
    while !execution::cancelled() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Reads and writes JSON, as most handlers do.
fn sum(context: &StepContext) -> Answer {
    let input: Value = serde_json::from_str(&context.task_input).unwrap();
    let total: f64 =
        input["items"].as_array().unwrap().iter().map(|item| item["price"].as_f64().unwrap()).sum();
    complete(json!({ "order": input["order"], "total": total }).to_string())
}

fn everything(context: &StepContext) -> Answer {
    let parse = |text: &String| serde_json::from_str::<Value>(text).unwrap();
    complete(
        json!({
            "task_id": context.task_id,
            "namespace": context.namespace,
            "task_name": context.task_name,
            "task_version": context.task_version,
            "step_name": context.step_name,
            "attempt": context.attempt,
            "max_attempts": context.max_attempts,
            "correlation_id": context.correlation_id,
            "task_input": parse(&context.task_input),
            "configuration": parse(&context.configuration),
            "dependency_results": context.dependency_results.iter()
                .map(|dependency| json!({ "step": dependency.step, "result": parse(&dependency.result) }))
                .collect::<Vec<_>>(),
            "cursor": context.cursor.as_ref().map(parse),
            "checkpoint": context.checkpoint.as_ref().map(parse),
            "trace_parent": context.trace_parent,
            "attributes": {},
        })
        .to_string(),
    )
}
