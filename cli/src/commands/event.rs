//! `tasker event`: events from outside and what they start; domain events, hearing of them here, and who else does.

use anyhow::{Result, bail};
use serde_json::{Value, json};
use tasker_orchestrator::events::{Published, Subscription, SubscriptionKind, SubscriptionRequest};
use uuid::Uuid;

use super::{Ending, event_test, incoming, request::template_name, stop_signal};
use crate::{
    client::{Client, segment, told},
    config::ProjectConfig,
    output::{Output, Style, print, table},
    view::cut,
};

/// The widest data that is shown beside an event.
const MAX_DATA: usize = 80;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Send events from here, as somebody outside would, and say what came of them.
    Send(incoming::Events),
    /// Hold events against the project's triggers, without a server: which match, what they would start, and why not.
    /// Exit code 3 if one would become a dead letter.
    Test(incoming::Events),
    /// List events that came from outside and what came of them, the newest first; or show one.
    Received(incoming::Received),
    /// Take dead letters once more, with the triggers as they are now.
    Replay {
        /// Which.
        #[arg(required_unless_present = "all")]
        ids: Vec<Uuid>,
        /// All of them, the oldest first; at most 1000.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// List the domain events of the last day, the newest first, and how far each has come.
    List {
        /// How many, at most 1000.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Tell of events as they are published, until Ctrl-C. With --json each is a line.
    Watch {
        /// Only this one, or those whose names begin so: `order.*`.
        event: Option<String>,
    },
    /// Subscribe: from now on events go to a webhook, into a queue, or start a task.
    Subscribe {
        /// What to call the subscription.
        name: String,
        /// The name of an event, or the beginning of names followed by `*`.
        event: String,
        #[command(flatten)]
        target: Target,
        /// What the requests of a webhook are signed with, at least 16 characters. Default: one is made up, and printed.
        #[arg(long, env = "TASKER_WEBHOOK_SECRET", hide_env_values = true)]
        secret: Option<String>,
    },
    /// End a subscription. What is on its way to it does not arrive.
    Unsubscribe {
        /// What it is called.
        name: String,
    },
    /// List the subscriptions.
    Subscriptions,
}

/// Where events go.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Target {
    /// A signed request to this address.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// A message in this queue.
    #[arg(long, value_name = "QUEUE")]
    queue: Option<String>,
    /// A task of this template, `NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME@VERSION`, with the event as its input.
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

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = &Client::of(project);
    match command {
        Command::Send(events) => return incoming::send(client, &events, output).await,
        Command::Test(events) => return event_test::run(project, &events, output),
        Command::Received(arguments) => return incoming::received(client, arguments, output).await,
        Command::Replay { ids, all: _ } => return incoming::replay(client, ids, output).await,
        Command::List { limit } => {
            let events: Vec<Published> = client.get(&format!("/v1/events?limit={limit}")).await?;
            output.result(&events, || list(&events))?;
        }
        Command::Watch { event } => watch(client, event.as_deref(), output).await?,
        Command::Subscribe { name, event, target, secret } => {
            let (kind, target) = target.read(secret);
            let request = SubscriptionRequest { name, event, kind, target };
            let made: Subscription = client.post("/v1/subscriptions", &request).await?.map_err(told)?;
            output.result(&made, || {
                let secret = made.target["secret"].as_str().map_or(String::new(), |secret| {
                    format!("\nits requests are signed with the secret {secret}; it is not shown again")
                });
                format!("`{}` hears of {} from now on{secret}", made.name, made.event)
            })?;
        }
        Command::Unsubscribe { name } => {
            let () = client.delete(&format!("/v1/subscriptions/{}", segment(&name))).await?;
            output
                .result(&json!({ "unsubscribed": name }), || format!("`{name}` hears of nothing any more"))?;
        }
        Command::Subscriptions => {
            let all: Vec<Subscription> = client.get("/v1/subscriptions").await?;
            output.result(&all, || subscriptions(&all))?;
        }
    }
    Ok(Ending::Done)
}

async fn watch(client: &Client, wanted: Option<&str>, output: &Output) -> Result<()> {
    let stop = stop_signal()?;
    let mut events = client.listen("/v1/events/stream").await?;
    output.say(&output.style(Style::Faint, "hearing of events; Ctrl-C ends it"));
    let matches = |name: &str| match wanted.map(|wanted| (wanted, wanted.strip_suffix('*'))) {
        None => true,
        Some((_, Some(beginning))) => name.starts_with(beginning),
        Some((wanted, None)) => name == wanted,
    };
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            event = events.recv() => event,
        };
        let Some((kind, event)) = event else { bail!("the server has ended the connection") };
        if kind == "missed" {
            eprintln!("warning: {event} events came faster than they could be told, and were missed");
            continue;
        }
        let read: Value = serde_json::from_str(&event).unwrap_or_default();
        if matches(read["type"].as_str().unwrap_or_default()) {
            if output.json {
                print(&read.to_string());
            } else {
                output.say(&told_of(&read, output));
            }
        }
    }
}

/// An event in one line.
fn told_of(event: &Value, output: &Output) -> String {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    let time = text("time").split_once('T').map_or("", |(_, time)| time.get(..8).unwrap_or_default());
    let data = match event.get("data") {
        Some(data) => cut(&data.to_string(), MAX_DATA),
        None => "(too large to be told here)".to_owned(),
    };
    format!(
        "{}  {}  {}  {data}",
        output.style(Style::Faint, time),
        output.style(Style::Strong, text("type")),
        output.style(Style::Faint, &format!("{} {}", text("source"), text("subject"))),
    )
}

fn list(events: &[Published]) -> String {
    let row = |event: &Published| {
        let came = match event {
            Published { error: Some(error), .. } => format!("not published: {error}"),
            Published { published_at: None, .. } => "waiting".to_owned(),
            Published { failed_deliveries: failed @ 1.., last_error, .. } => {
                format!("did not arrive at {failed}: {}", last_error.as_deref().unwrap_or_default())
            }
            Published { pending_deliveries: pending @ 1.., last_error: Some(error), .. } => {
                format!("on its way to {pending}; last try: {error}")
            }
            Published { pending_deliveries: pending @ 1.., .. } => format!("on its way to {pending}"),
            _ => "arrived".to_owned(),
        };
        vec![
            event.event_id.to_string(),
            event.name.clone(),
            event.at.format("%Y-%m-%d %H:%M:%S").to_string(),
            event.task_id.to_string(),
            cut(&came, MAX_DATA),
        ]
    };
    table(&["EVENT", "NAME", "AT (UTC)", "TASK", "STANDS"], &events.iter().map(row).collect::<Vec<_>>())
}

fn subscriptions(all: &[Subscription]) -> String {
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
