//! `tasker event subscribe`, `unsubscribe` and `subscriptions`.

use anyhow::Result;
use serde_json::{Value, json};
use tasker_orchestrator::events::{Subscription, SubscriptionKind, SubscriptionRequest};

use crate::{
    client::{Client, segment, told},
    commands::{ending::Ending, request::template_name},
    output::{Output, table},
};

/// The target of a subscription.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Target {
    /// A signed HTTP request to this URL.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// A message to this queue.
    #[arg(long, value_name = "QUEUE")]
    queue: Option<String>,
    /// A new task of this template (`NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME@VERSION`), with the event as its
    /// input.
    #[arg(long, value_name = "TEMPLATE")]
    task: Option<String>,
}

impl Target {
    fn read(&self, secret: Option<String>) -> (SubscriptionKind, Value) {
        if let Some(queue) = &self.queue {
            return (SubscriptionKind::Queue, json!({ "queue": queue }));
        }
        if let Some(task) = &self.task {
            let (namespace, name, version) = template_name(task);
            let namespace = namespace.unwrap_or("default");
            let target = json!({ "namespace": namespace, "name": name, "version": version });
            return (SubscriptionKind::Task, target);
        }
        let mut target = json!({ "url": self.webhook });
        if let Some(secret) = secret {
            target["secret"] = Value::from(secret);
        }
        (SubscriptionKind::Webhook, target)
    }
}

/// Subscribes `target` to events with this name, or with this prefix if it ends with `*`.
pub(super) async fn subscribe(
    client: &Client,
    name: String,
    event: String,
    target: &Target,
    secret: Option<String>,
    output: &Output,
) -> Result<Ending> {
    let (kind, target) = target.read(secret);
    let request = SubscriptionRequest { name, event, kind, target };
    let made: Subscription = client.post("/v1/subscriptions", &request).await?.map_err(told)?;
    output.result(&made, || {
        let secret = made.target["secret"].as_str().map_or(String::new(), |secret| {
            format!("\nits requests are signed with the secret {secret}; it is not shown again")
        });
        format!("`{}` receives {} from now on{secret}", made.name, made.event)
    })?;
    Ok(Ending::Done)
}

/// Deletes a subscription.
pub(super) async fn unsubscribe(client: &Client, name: &str, output: &Output) -> Result<Ending> {
    let () = client.delete(&format!("/v1/subscriptions/{}", segment(name))).await?;
    output.result(&json!({ "unsubscribed": name }), || format!("`{name}` no longer receives events"))?;
    Ok(Ending::Done)
}

/// Lists the subscriptions.
pub(super) async fn subscriptions(client: &Client, output: &Output) -> Result<Ending> {
    let all: Vec<Subscription> = client.all("/v1/subscriptions").await?;
    output.result(&all, || rows(&all))?;
    Ok(Ending::Done)
}

pub(super) fn rows(all: &[Subscription]) -> String {
    let row = |one: &Subscription| {
        let text = |key: &str| one.target[key].as_str().unwrap_or_default().to_owned();
        let target = match one.kind {
            SubscriptionKind::Webhook => text("url"),
            SubscriptionKind::Queue => format!("queue {}", text("queue")),
            SubscriptionKind::Topic => format!("topic {}", text("topic")),
            SubscriptionKind::EventBus => format!("event bus {}", text("bus")),
            SubscriptionKind::Task => format!("task {}/{}", text("namespace"), text("name")),
        };
        vec![
            one.name.clone(),
            one.event.clone(),
            target,
            one.created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
        ]
    };
    table(&["NAME", "EVENT", "GOES TO", "SINCE (UTC)"], &all.iter().map(row).collect::<Vec<_>>())
}
