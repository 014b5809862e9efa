//! Runs the sweep once a minute: finds lost messages, lost hosts and due retries, and acts on them.

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tasker_assembly::aws::{OpenOrchestrator, open_orchestrator};
use tasker_function_lambda::{Error, Telemetry, start_logs};

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let telemetry = &Telemetry::start("tasker-sweep");
    let OpenOrchestrator { orchestrator, long_steps, .. } = &open_orchestrator().await?;
    let sweep = async |_: LambdaEvent<Value>| -> Result<(), Error> {
        // SQS stops the metrics of a queue that nobody has accessed for six hours, and hosts start by these metrics.
        let long_steps = match long_steps {
            Some(queue) => {
                queue.backlog().await.inspect_err(|error| tracing::warn!(%error, "no access")).ok()
            }
            None => None,
        };
        let swept = orchestrator.visit_all().await?;
        tracing::info!(?swept, ?long_steps, "swept");
        Ok(())
    };
    lambda_runtime::run(service_fn(async |event| telemetry.visit(sweep(event)).await)).await
}
