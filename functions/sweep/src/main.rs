//! Runs the sweep once a minute: finds lost messages, lost hosts and due retries, and acts on them.

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tasker_assembly::aws::{OpenOrchestrator, open_orchestrator};
use tasker_function_lambda::{Error, start_logs};

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let OpenOrchestrator { orchestrator, .. } = &open_orchestrator().await?;
    let sweep = async |_: LambdaEvent<Value>| -> Result<(), Error> {
        let swept = orchestrator.visit_all().await?;
        tracing::info!(?swept, "swept");
        Ok(())
    };
    lambda_runtime::run(service_fn(sweep)).await
}
