//! The events that a command's arguments name or describe.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, value::RawValue};
use tasker_cloud_events::CloudEvent;
use uuid::Uuid;

use crate::commands::request::read_input;

/// Events: read from arguments, or built from options.
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// A CloudEvent in JSON, a .json file with one or an array of them, a .jsonl file, or - for standard input.
    #[arg(value_name = "EVENT", required_unless_present = "event_type")]
    inputs: Vec<String>,
    /// The type of an event that is built from options.
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "inputs", requires = "source")]
    event_type: Option<String>,
    /// Its source, a URI reference.
    #[arg(long, requires = "event_type")]
    source: Option<String>,
    /// Its subject.
    #[arg(long, requires = "event_type")]
    subject: Option<String>,
    /// Its id at the source. Default: a new id.
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
    /// Reads all events. Fails if one is not a CloudEvent.
    pub(super) fn read(&self) -> Result<Vec<CloudEvent>> {
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
