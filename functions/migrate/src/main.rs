//! On deploy: brings the database up to date, then publishes what was uploaded. Terraform invokes it, CloudFormation uses it
//! as a custom resource; both mean the same.

mod login;

use aws_sdk_kms::error::DisplayErrorContext;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use tasker_function_environment::{Error, OpenOrchestrator, open_orchestrator, optional, start_logs};
use tasker_orchestrator::{
    Bundle, Orchestrator,
    events::{SubscriptionKind, SubscriptionRequest},
};
use tasker_transport::aws::sdk_config;

/// What is to be done: the key of a bundle in the blob store, or nothing to publish.
#[derive(Debug, Default, Deserialize)]
struct Request {
    #[serde(default, alias = "Publication")]
    publication: Option<String>,
    /// Gives the functions' login another password.
    #[serde(default)]
    rotate_login: bool,
    /// The key that publishers sign with, in KMS: CloudFormation cannot read its public half and asks for it here.
    #[serde(default, alias = "PublisherKey")]
    publisher_key: Option<String>,
}

/// What CloudFormation sends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CustomResource {
    request_type: String,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
    #[serde(default)]
    resource_properties: Request,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let OpenOrchestrator { orchestrator, .. } = &open_orchestrator().await?;
    let migrate = async |event: LambdaEvent<Value>| -> Result<Value, Error> {
        if event.payload.get("ResponseURL").is_none() {
            return work(orchestrator, serde_json::from_value(event.payload)?).await;
        }
        let resource: CustomResource = serde_json::from_value(event.payload)?;
        // Deleting a stack deletes no data.
        let done = match resource.request_type.as_str() {
            "Delete" => Ok(Value::Null),
            _ => work(orchestrator, resource.resource_properties).await,
        };
        let reason = done.as_ref().err().map_or_else(|| "done".to_owned(), ToString::to_string);
        let answer = json!({
            "Status": if done.is_ok() { "SUCCESS" } else { "FAILED" },
            "Reason": reason,
            "PhysicalResourceId": resource.physical_resource_id.as_deref().unwrap_or("tasker-database"),
            "StackId": resource.stack_id,
            "RequestId": resource.request_id,
            "LogicalResourceId": resource.logical_resource_id,
            "Data": done.as_ref().unwrap_or(&Value::Null),
        });
        let url = resource.response_url;
        // The signature of the URL covers an empty content type.
        let put = move || ureq::put(url).header("content-type", "").send(answer.to_string());
        tokio::task::spawn_blocking(put).await??;
        done
    };
    lambda_runtime::run(service_fn(migrate)).await
}

/// Lets the deployment's event bus hear of everything: of what steps say, and of tasks that come to rest.
async fn tell_bus(orchestrator: &Orchestrator, bus: &str) -> Result<(), Error> {
    let there = orchestrator.events.subscriptions().await?;
    for (name, event) in [("deployment-events", "*"), ("deployment-tasks", "tasker.task.*")] {
        let target = json!({ "bus": bus });
        let known = there.iter().find(|subscription| subscription.name == name);
        if known.is_some_and(|known| known.target == target) {
            continue;
        }
        if known.is_some() {
            orchestrator.events.unsubscribe(name).await?;
        }
        let kind = SubscriptionKind::EventBus;
        let request = SubscriptionRequest { name: name.to_owned(), event: event.to_owned(), kind, target };
        orchestrator.events.subscribe(request).await?;
    }
    Ok(())
}

async fn work(orchestrator: &Orchestrator, request: Request) -> Result<Value, Error> {
    orchestrator.migrate().await?;
    if let Some(secret) = optional("TASKER_FUNCTIONS_SECRET") {
        login::make(orchestrator, &secret, request.rotate_login).await?;
    }
    if let Some(bus) = optional("TASKER_EVENT_BUS") {
        tell_bus(orchestrator, &bus).await?;
    }
    let publication = request.publication.filter(|key| !key.is_empty());
    if let Some(key) = &publication {
        let bundle: Bundle = serde_json::from_slice(&orchestrator.blobs().get_bundle(key).await?)?;
        orchestrator.publish_bundle(&bundle).await?;
    }
    let mut done = json!({ "Published": publication });
    if let Some(key) = request.publisher_key {
        done["PublisherKey"] = public_half(&key).await?.into();
    }
    Ok(done)
}

/// The public half of a key: its DER encoding in Base64.
async fn public_half(key: &str) -> Result<String, Error> {
    let asked = aws_sdk_kms::Client::new(&sdk_config().await).get_public_key().key_id(key).send().await;
    let answer = asked.map_err(|error| DisplayErrorContext(error).to_string())?;
    let der = answer.public_key.ok_or_else(|| format!("{key} has no public half"))?;
    Ok(BASE64_STANDARD.encode(der))
}
