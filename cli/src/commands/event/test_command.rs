//! `tasker event test`: matches events against the project's triggers without a server, and prints the reasons.

use anyhow::{Result, bail};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::{RawValue, to_raw_value};
use tasker_cloud_events::CloudEvent;
use tasker_templates::trigger::{Finding, SeenEvent};

use super::events::Events;
use crate::{
    commands::ending::Ending,
    config::ProjectConfig,
    json::indented,
    output::{Output, Style},
    project::{
        documents::shown,
        templates::{TemplateFile, read_templates},
        triggers::{TriggerFile, read_triggers},
    },
    view::cut,
};

/// The maximum width of an actual value in the output.
const MAX_VALUE: usize = 100;

/// The result of one event at one trigger.
struct Trial<'a> {
    file: &'a TriggerFile,
    matches: bool,
    findings: Vec<Finding>,
    /// The input and the key, or why the event cannot be mapped. None if the trigger does not match.
    mapped: Option<Result<(Box<RawValue>, String), String>>,
    /// The faults of the input, checked against the template's `input_schema`.
    faults: Vec<String>,
}

impl Trial<'_> {
    fn starts(&self) -> bool {
        self.file.trigger().enabled && matches!(self.mapped, Some(Ok(_))) && self.faults.is_empty()
    }
}

/// An event and its results, as JSON.
#[derive(Serialize)]
struct Tried<'a> {
    source: &'a str,
    id: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    starts: bool,
    triggers: &'a [Trial<'a>],
}

pub(super) fn run(project: &ProjectConfig, events: &Events, output: &Output) -> Result<Ending> {
    let (mut told, mut as_json, mut all_start) = (Vec::new(), Vec::new(), true);
    each(project, events.read()?, |event, trials| {
        all_start &= starts(trials);
        told.push(words(event, trials, output));
        as_json.push(as_document(event, trials)?);
        Ok(())
    })?;
    output.result(&as_json, || told.join("\n\n"))?;
    Ok(if all_start { Ending::Done } else { Ending::TaskDidNotComplete })
}

/// The result of each event, as JSON.
pub(crate) fn tried(project: &ProjectConfig, events: Vec<CloudEvent>) -> Result<Vec<Box<RawValue>>> {
    let mut told = Vec::new();
    each(project, events, |event, trials| {
        told.push(as_document(event, trials)?);
        Ok(())
    })?;
    Ok(told)
}

/// Tries each event at all triggers of the project.
fn each(
    project: &ProjectConfig,
    events: Vec<CloudEvent>,
    mut told: impl FnMut(&CloudEvent, &[Trial<'_>]) -> Result<()>,
) -> Result<()> {
    let triggers = read_triggers(project)?;
    if triggers.is_empty() {
        bail!("there are no triggers in {}", project.path(&project.config.project.triggers).display());
    }
    let templates = read_templates(project)?;
    for file in &triggers {
        file.warn_of_missing(&templates);
    }
    for event in events {
        let seen = SeenEvent::new(&event).map_err(anyhow::Error::msg)?;
        let trials: Vec<Trial<'_>> = triggers.iter().map(|file| attempt(file, &seen, &templates)).collect();
        told(&event, &trials)?;
    }
    Ok(())
}

fn as_document(event: &CloudEvent, trials: &[Trial<'_>]) -> Result<Box<RawValue>> {
    Ok(to_raw_value(&Tried {
        source: event.source(),
        id: event.id(),
        event_type: event.event_type(),
        starts: starts(trials),
        triggers: trials,
    })?)
}

/// Whether the event matches an enabled trigger and starts a task of every one that it matches. Otherwise it becomes
/// a dead letter.
fn starts(trials: &[Trial<'_>]) -> bool {
    let mut concerned =
        trials.iter().filter(|trial| trial.matches && trial.file.trigger().enabled).peekable();
    concerned.peek().is_some() && concerned.all(Trial::starts)
}

fn attempt<'a>(file: &'a TriggerFile, event: &SeenEvent<'_>, templates: &[TemplateFile]) -> Trial<'a> {
    let compiled = file.compiled();
    let matches = compiled.matches(event);
    let mapped = matches.then(|| {
        let mapped = compiled.map(event)?;
        Ok((mapped.task.context, mapped.key))
    });
    let faults = match (&mapped, file.template(templates)) {
        (Some(Ok((input, _))), Some(file)) => serde_json::from_str(input.get())
            .map_or_else(|error| vec![error.to_string()], |input| file.template.input_faults(&input)),
        _ => Vec::new(),
    };
    Trial { file, matches, findings: compiled.explain(event), mapped, faults }
}

impl Serialize for Trial<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let trigger = self.file.trigger();
        let mut told = serializer.serialize_map(None)?;
        told.serialize_entry("trigger", &trigger.full_name())?;
        told.serialize_entry("file", &self.file.path)?;
        told.serialize_entry("matches", &self.matches)?;
        told.serialize_entry("enabled", &trigger.enabled)?;
        told.serialize_entry("pattern", &self.findings)?;
        match &self.mapped {
            Some(Ok((input, key))) => {
                told.serialize_entry("input", input)?;
                told.serialize_entry("idempotency_key", key)?;
                told.serialize_entry("input_faults", &self.faults)?;
            }
            Some(Err(error)) => told.serialize_entry("error", error)?,
            None => {}
        }
        told.end()
    }
}

fn words(event: &CloudEvent, trials: &[Trial<'_>], output: &Output) -> String {
    let mut lines = vec![format!(
        "{} from {} (id {})",
        output.style(Style::Strong, event.event_type()),
        event.source(),
        event.id()
    )];
    for trial in trials {
        let trigger = trial.file.trigger();
        let (mark, style) = if trial.starts() {
            ("✓", Style::Good)
        } else if trial.matches {
            ("✗", Style::Bad)
        } else {
            ("-", Style::Faint)
        };
        let file = output.style(Style::Faint, &shown(&trial.file.path));
        lines.push(format!("{} {}  {file}", output.style(style, mark), trigger.full_name()));
        if !trial.matches {
            lines.extend(trial.findings.iter().map(|finding| finding_line(finding, output)));
            continue;
        }
        if !trigger.enabled {
            lines.push("    matches, but is disabled: it starts nothing".to_owned());
        }
        match &trial.mapped {
            Some(Ok((input, key))) => {
                lines.push(format!("    starts  {}/{}", trigger.task_namespace(), trigger.task.name));
                lines.push(format!("    key     {key}"));
                let input = indented(input.get()).replace('\n', "\n            ");
                lines.push(format!("    input   {input}"));
                if !trial.faults.is_empty() {
                    let faults = trial.faults.join("\n    ");
                    lines.push(format!(
                        "    the input does not fit the template's input_schema:\n    {faults}"
                    ));
                }
            }
            Some(Err(error)) => lines.push(format!("    matches, but cannot be mapped: {error}")),
            None => {}
        }
    }
    if !starts(trials) {
        lines.push(output.style(Style::Bad, "the event would become a dead letter"));
    }
    lines.join("\n")
}

fn finding_line(finding: &Finding, output: &Output) -> String {
    let Finding { path, wanted, found, holds } = finding;
    let mark = if *holds { output.style(Style::Good, "✓") } else { output.style(Style::Bad, "✗") };
    let is = match found {
        Some(found) => format!(" is {},", cut(&found.to_string(), MAX_VALUE)),
        None if path.ends_with("$or") => String::new(),
        None => " is missing,".to_owned(),
    };
    format!("    {mark} {path}{is} wanted {}", cut(&wanted.to_string(), MAX_VALUE))
}
