//! A deployment: migrates the database, creates the login of the other functions, and publishes the project.

use aws_sdk_kms::error::DisplayErrorContext;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use tasker_assembly::aws::optional;
use tasker_function_lambda::Error;
use tasker_orchestrator::{
    Bundle, Orchestrator, Slice,
    access::{Caller, NewKey},
    events::{SubscriptionKind, SubscriptionRequest},
};
use tasker_transport::aws::sdk_config;

use crate::login;

/// The work beside the migration.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Request {
    /// The key of the bundle to publish, in the blob store. None publishes nothing.
    #[serde(default, alias = "Publication")]
    publication: Option<String>,
    /// Whether to change the password of the functions' login.
    #[serde(default)]
    rotate_login: bool,
    /// The KMS key that publishers sign with, to return its public key, which CloudFormation cannot read itself.
    #[serde(default, alias = "PublisherKey")]
    publisher_key: Option<String>,
    /// An API key to create. The response has its text, which nothing returns again.
    #[serde(default)]
    create_key: Option<NewKey>,
}

impl Request {
    /// What a template may ask for: CloudFormation stores what it gets in return.
    pub(crate) fn without_secrets(self) -> Self {
        Self { create_key: None, ..self }
    }
}

/// Subscribes the deployment's event bus to all events of steps, and to the events of tasks.
async fn subscribe_bus(orchestrator: &Orchestrator, bus: &str) -> Result<(), Error> {
    let there = orchestrator.events.subscriptions(Slice::all()).await?;
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

/// Migrates the database and applies the request. Safe to repeat. Returns what was done, as JSON.
pub(crate) async fn deploy(orchestrator: &Orchestrator, request: Request) -> Result<Value, Error> {
    orchestrator.migrate().await?;
    if let Some(secret) = optional("TASKER_FUNCTIONS_SECRET") {
        login::make(orchestrator, &secret, request.rotate_login).await?;
    }
    if let Some(bus) = optional("TASKER_EVENT_BUS") {
        subscribe_bus(orchestrator, &bus).await?;
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
    if let Some(key) = &request.create_key {
        done["Key"] = serde_json::to_value(orchestrator.keys.create(key, &Caller::local()).await?)?;
    }
    Ok(done)
}

/// Returns the public key of a KMS key: its DER encoding in Base64.
async fn public_half(key: &str) -> Result<String, Error> {
    let asked = aws_sdk_kms::Client::new(&sdk_config().await).get_public_key().key_id(key).send().await;
    let answer = asked.map_err(|error| DisplayErrorContext(error).to_string())?;
    let der = answer.public_key.ok_or_else(|| format!("{key} has no public key"))?;
    Ok(BASE64_STANDARD.encode(der))
}
