//! The safety net, once a minute: everything that should have been heard of by now.

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tasker_function_environment::{Error, OpenOrchestrator, open_orchestrator, start_logs};

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
