//! `tasker event send`, `received` and `replay`: events from outside, sent from here, and what came of them.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, value::RawValue};
use tasker_cloud_events::CloudEvent;
use tasker_orchestrator::triggers::{ReceivedEvent, Reception, ReceptionState};
use uuid::Uuid;

use super::{Ending, request::read_input};
use crate::{
    client::{Client, query, told},
    output::{Output, Style, table},
    view::cut,
};

/// The widest reason that is shown in a list.
const MAX_REASON: usize = 80;
/// How many dead letters one `replay --all` looks at.
const MAX_REPLAYED: u32 = 1000;

/// Events: written down somewhere, or put together here.
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// A CloudEvent in JSON, a .json file with one or an array of them, a .jsonl file, or - for standard input.
    #[arg(value_name = "EVENT", required_unless_present = "event_type")]
    inputs: Vec<String>,
    /// Put an event together: what happened.
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "inputs", requires = "source")]
    event_type: Option<String>,
    /// Where it comes from, a URI reference.
    #[arg(long, requires = "event_type")]
    source: Option<String>,
    /// What it is about.
    #[arg(long, requires = "event_type")]
    subject: Option<String>,
    /// Its name at its source. Default: a new one.
    #[arg(long, requires = "event_type")]
    id: Option<String>,
    /// Another attribute, `NAME=VALUE`. May be given several times.
    #[arg(long = "attribute", value_name = "NAME=VALUE", requires = "event_type")]
    attributes: Vec<String>,
    /// Its data: JSON, a file, or - for standard input.
    #[arg(long, requires = "event_type")]
    data: Option<String>,
}

impl Events {
    /// Reads them all, each checked to be a CloudEvent.
    pub(crate) fn read(&self) -> Result<Vec<CloudEvent>> {
        if let (Some(event_type), Some(source)) = (&self.event_type, &self.source) {
            return Ok(vec![self.put_together(event_type, source)?]);
        }
        let mut events = Vec::new();
        for input in &self.inputs {
            let (name, text) = read_input(input)?;
            if Path::new(&name).extension().is_some_and(|extension| extension == "jsonl") {
                for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                    let event = CloudEvent::from_json(line);
                    events.push(event.with_context(|| format!("{name}, line {}", index + 1))?);
                }
            } else if text.trim_start().starts_with('[') {
                events.extend(CloudEvent::batch_from_json(&text).with_context(|| name.clone())?);
            } else {
                events.push(CloudEvent::from_json(&text).with_context(|| name.clone())?);
            }
        }
        Ok(events)
    }

    fn put_together(&self, event_type: &str, source: &str) -> Result<CloudEvent> {
        let mut event = Map::new();
        let mut set = |name: &str, value: &str| event.insert(name.to_owned(), Value::from(value));
        set("specversion", "1.0");
        set("type", event_type);
        set("source", source);
        set("id", self.id.as_ref().unwrap_or(&Uuid::now_v7().to_string()));
        if let Some(subject) = &self.subject {
            set("subject", subject);
        }
        for attribute in &self.attributes {
            let (name, value) = attribute.split_once('=').context("an attribute is written NAME=VALUE")?;
            if set(name, value).is_some() {
                bail!("`{name}` is given twice");
            }
        }
        let event = CloudEvent::from_json(&Value::Object(event).to_string())?;
        match &self.data {
            None => Ok(event),
            Some(data) => {
                let (name, text) = read_input(data)?;
                Ok(event
                    .with_data(RawValue::from_string(text).with_context(|| format!("{name} is not JSON"))?))
            }
        }
    }
}

/// Sends events, and tells what came of each.
pub(crate) async fn send(client: &Client, events: &Events, output: &Output) -> Result<Ending> {
    let events = events.read()?;
    let body = serde_json::to_string(&events)?;
    let sent = client.post_as("/v1/events", "application/cloudevents-batch+json", body).await?;
    let receptions: Vec<Reception> = sent.map_err(told)?;
    output.result(&receptions, || {
        receptions.iter().map(|reception| word(reception, output)).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ending::Done)
}

fn word(reception: &Reception, output: &Output) -> String {
    let Reception { source, id, state, duplicate, tasks, reason, received_id } = reception;
    let event = output.style(Style::Strong, &format!("{source} {id}"));
    let before = if *duplicate { " had come before, and" } else { "" };
    let mut lines = Vec::new();
    match state {
        ReceptionState::Started => lines.push(format!("{event}{before} started")),
        _ => {
            let reason = reason.as_deref().unwrap_or_default().replace('\n', "\n  ");
            lines.push(format!("{event}{before} is the dead letter {received_id}: {reason}"));
        }
    }
    lines.extend(tasks.iter().map(|task| format!("  task {} by trigger {}", task.task_id, task.trigger)));
    lines.join("\n")
}

/// Which received events to list.
#[derive(Debug, clap::Args)]
pub(crate) struct Received {
    /// Only dead letters: events that started nothing.
    #[arg(long, conflicts_with = "state")]
    failed: bool,
    /// Only those of which this came.
    #[arg(long, value_parser = ["started", "unmatched", "failed"])]
    state: Option<String>,
    /// How many, at most 1000.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// After how many.
    #[arg(long, default_value_t = 0)]
    offset: u32,
    /// Show this one, with its content.
    #[arg(conflicts_with_all = ["failed", "state"])]
    id: Option<Uuid>,
}

/// Lists events that were received, or shows one.
pub(crate) async fn received(client: &Client, arguments: Received, output: &Output) -> Result<Ending> {
    if let Some(id) = arguments.id {
        let found: ReceivedEvent = client.get(&format!("/v1/events/received/{id}")).await?;
        let text = serde_json::to_string_pretty(&found)?;
        output.result(&found, || text)?;
        return Ok(Ending::Done);
    }
    let state = if arguments.failed { Some("dead".to_owned()) } else { arguments.state };
    let query = query([
        ("state", state),
        ("limit", Some(arguments.limit.to_string())),
        ("offset", Some(arguments.offset.to_string())),
    ]);
    let events: Vec<ReceivedEvent> = client.get(&format!("/v1/events/received?{query}")).await?;
    output.result(&events, || list(&events))?;
    Ok(Ending::Done)
}

fn list(events: &[ReceivedEvent]) -> String {
    let row = |event: &ReceivedEvent| {
        let came = match (&event.reason, event.tasks.as_slice()) {
            (Some(reason), _) => cut(reason, MAX_REASON),
            (None, [task]) => format!("task {} by {}", task.task_id, task.trigger),
            (None, tasks) => format!("{} tasks", tasks.len()),
        };
        vec![
            event.received_id.to_string(),
            cut(&event.event_type, MAX_REASON),
            cut(&format!("{} {}", event.source, event.id), MAX_REASON),
            event.received_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            event.state.as_str().to_owned(),
            came,
        ]
    };
    let rows: Vec<_> = events.iter().map(row).collect();
    table(&["RECEIVED", "TYPE", "SOURCE AND ID", "AT (UTC)", "STATE", "WHAT CAME OF IT"], &rows)
}

/// Takes dead letters once more, with the triggers as they are now.
pub(crate) async fn replay(client: &Client, ids: Vec<Uuid>, output: &Output) -> Result<Ending> {
    let ids = if ids.is_empty() {
        let path = format!("/v1/events/received?state=dead&limit={MAX_REPLAYED}");
        let dead: Vec<ReceivedEvent> = client.get(&path).await?;
        // In the order in which they came.
        dead.into_iter().rev().map(|event| event.received_id).collect()
    } else {
        ids
    };
    let mut receptions = Vec::new();
    for id in ids {
        let path = format!("/v1/events/received/{id}/replay");
        let reception: Reception = client.post(&path, &Value::Null).await?.map_err(told)?;
        output.say(&word(&reception, output));
        receptions.push(reception);
    }
    output.result(&receptions, || {
        if receptions.is_empty() { "there are no dead letters" } else { "" }.to_owned()
    })?;
    Ok(Ending::Done)
}
