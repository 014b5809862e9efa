//! `tasker trigger`: checks triggers, and lists, shows, enables, disables and removes those of a server.

use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::json;
use tasker_api::TriggerSwitch;
use tasker_orchestrator::triggers::TriggerSummary;
use tasker_templates::trigger::trigger_schema;

use super::ending::Ending;
use crate::{
    client::{Client, segment},
    config::ProjectConfig,
    json::pretty,
    output::{Output, print, table},
    project::{
        documents::shown,
        templates::read_templates,
        triggers::{TriggerFile, read_files, read_triggers},
    },
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Check trigger files.
    Validate {
        /// The files. Default: all files of the project.
        files: Vec<PathBuf>,
    },
    /// List the triggers that a server has published.
    List,
    /// Print a trigger that a server has published.
    Show {
        /// `NAME` or `NAMESPACE/NAME`.
        trigger: String,
    },
    /// Enable a disabled trigger.
    Enable {
        /// `NAME` or `NAMESPACE/NAME`.
        trigger: String,
    },
    /// Disable a trigger until it is enabled again. Publishing does not enable it.
    Disable {
        /// `NAME` or `NAMESPACE/NAME`.
        trigger: String,
    },
    /// Remove a trigger from a server. If its file still exists, the next publication restores it.
    Remove {
        /// `NAME` or `NAMESPACE/NAME`.
        trigger: String,
    },
    /// Print the JSON Schema of triggers, for editors.
    Schema,
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = &Client::of(project)?;
    match command {
        Command::Validate { files } => validate(project, &files, output)?,
        Command::List => {
            let triggers: Vec<TriggerSummary> = client.all("/v1/triggers").await?;
            output.result(&triggers, || list(&triggers))?;
        }
        Command::Show { trigger } => {
            let found: TriggerSummary = client.get(&path(&trigger)).await?;
            let text = pretty(&found)?;
            output.result(&found, || text)?;
        }
        Command::Enable { trigger } => switch(client, &trigger, true, output).await?,
        Command::Disable { trigger } => switch(client, &trigger, false, output).await?,
        Command::Remove { trigger } => {
            let () = client.delete(&path(&trigger)).await?;
            output.result(&json!({ "removed": trigger }), || format!("`{trigger}` is removed"))?;
        }
        Command::Schema => print(&format!("{:#}", trigger_schema())),
    }
    Ok(Ending::Done)
}

fn validate(project: &ProjectConfig, files: &[PathBuf], output: &Output) -> Result<()> {
    let triggers = if files.is_empty() { read_triggers(project)? } else { read_files(files)? };
    if triggers.is_empty() {
        bail!("there are no triggers in {}", project.path(&project.config.project.triggers).display());
    }
    // If the templates cannot be read, the triggers are checked alone.
    if let Ok(templates) = read_templates(project) {
        for file in &triggers {
            file.warn_of_missing(&templates);
        }
    }
    let as_json: Vec<_> = triggers
        .iter()
        .map(|file| json!({ "file": file.path, "name": file.trigger().full_name() }))
        .collect();
    output.result(&as_json, || {
        let line = |file: &TriggerFile| {
            let trigger = file.trigger();
            let off = if trigger.enabled { "" } else { ", and disabled" };
            let (name, task) =
                (trigger.full_name(), format!("{}/{}", trigger.task_namespace(), trigger.task.name));
            format!("{}: {name} is valid (starts {task}{off})", shown(&file.path))
        };
        triggers.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

fn list(triggers: &[TriggerSummary]) -> String {
    let row = |trigger: &TriggerSummary| {
        let stands = match (trigger.enabled, trigger.disabled_at) {
            (true, _) => "enabled".to_owned(),
            (false, Some(at)) => format!("disabled at {} UTC", at.format("%Y-%m-%d %H:%M:%S")),
            (false, None) => "disabled by its file".to_owned(),
        };
        let (starts, description) = match trigger.trigger() {
            Ok(trigger) => (
                format!("{}/{}", trigger.task_namespace(), trigger.task.name),
                trigger.description.unwrap_or_default(),
            ),
            Err(error) => ("?".to_owned(), format!("cannot be read, publish it again: {error}")),
        };
        vec![
            format!("{}/{}", trigger.namespace, trigger.name),
            trigger.version.to_string(),
            starts,
            stands,
            description,
        ]
    };
    let rows: Vec<_> = triggers.iter().map(row).collect();
    table(&["TRIGGER", "VERSION", "STARTS", "STATE", "DESCRIPTION"], &rows)
}

async fn switch(client: &Client, trigger: &str, enabled: bool, output: &Output) -> Result<()> {
    let now: TriggerSummary = client.patch(&path(trigger), &TriggerSwitch { enabled }).await?;
    let word = if now.enabled { "starts tasks from now on" } else { "starts nothing from now on" };
    output.result(&now, || format!("`{}/{}` {word}", now.namespace, now.name))
}

fn path(trigger: &str) -> String {
    let (namespace, name) = trigger.split_once('/').unwrap_or(("default", trigger));
    format!("/v1/triggers/{}/{}", segment(namespace), segment(name))
}
