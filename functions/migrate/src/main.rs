//! Runs on deployment: migrates the database, then publishes the uploaded bundle. Terraform invokes it;
//! CloudFormation uses it as a custom resource.

mod custom_resource;
mod deploy;
mod login;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tasker_assembly::aws::{OpenOrchestrator, open_orchestrator};
use tasker_function_lambda::{Error, start_logs};

use custom_resource::CustomResource;
use deploy::deploy;

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let OpenOrchestrator { orchestrator, .. } = &open_orchestrator().await?;
    let migrate = async |event: LambdaEvent<Value>| -> Result<Value, Error> {
        if event.payload.get("ResponseURL").is_none() {
            return deploy(orchestrator, serde_json::from_value(event.payload)?).await;
        }
        let mut resource: CustomResource = serde_json::from_value(event.payload)?;
        let done = match resource.take_request() {
            Some(request) => deploy(orchestrator, request).await,
            None => Ok(Value::Null),
        };
        resource.respond(&done).await?;
        done
    };
    lambda_runtime::run(service_fn(migrate)).await
}
