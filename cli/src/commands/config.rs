//! `tasker config`: prints, explains and checks the configuration.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::json;
use tasker_client::Profiles;

use super::ending::Ending;
use crate::{
    config::{
        ProjectConfig, Server, Source,
        check::{Checked, Fault, check},
        keys::{Key, SECTIONS, all, reference},
    },
    nearest::nearest,
    output::{Output, Style, print, printable, table},
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print every key with its value and where the value comes from.
    Show,
    /// Print what keys do, their types and defaults, their values and where these come from.
    Explain {
        /// A key, such as `worker.lease_seconds`, or a section. Default: all.
        key: Option<String>,
    },
    /// Check the file, the environment and the profile, and print everything that is wrong. Starts nothing.
    Validate,
    /// Print the reference of all keys, in Markdown.
    Reference,
}

/// What is said about a key.
#[derive(Debug, Serialize)]
struct Explained {
    key: String,
    about: String,
    #[serde(rename = "type")]
    kind: &'static str,
    default: toml::Value,
    value: toml::Value,
    source: Source,
    /// The environment variable that overrides it.
    variable: String,
}

pub(crate) fn run(project: &ProjectConfig, command: &Command, output: &Output) -> Result<Ending> {
    match command {
        Command::Show => show(project, output),
        Command::Explain { key } => explain(project, key.as_deref(), output),
        Command::Reference => {
            print(reference()?.trim_end());
            Ok(Ending::Done)
        }
        // It also works where the configuration cannot be read.
        Command::Validate => validate(&project.root, None, None, output),
    }
}

fn show(project: &ProjectConfig, output: &Output) -> Result<Ending> {
    let entries = project.entries()?;
    let as_json: Vec<_> = entries
        .iter()
        .map(|(key, value, source)| json!({ "key": key, "value": value, "source": source }))
        .collect();
    output.result(&as_json, || {
        let row = |(key, value, source): &(String, toml::Value, Source)| {
            vec![key.clone(), value.to_string(), source.to_string()]
        };
        table(&["KEY", "VALUE", "FROM"], &entries.iter().map(row).collect::<Vec<_>>())
    })?;
    Ok(Ending::Done)
}

fn explain(project: &ProjectConfig, wanted: Option<&str>, output: &Output) -> Result<Ending> {
    let (keys, entries) = (all()?, project.entries()?);
    let is_wanted = |key: &&Key| {
        wanted.is_none_or(|wanted| key.name == wanted || key.name.split('.').next() == Some(wanted))
    };
    let of = |key: &Key| {
        let value = entries.iter().find(|(name, ..)| *name == key.name).map(|(_, value, _)| value.clone());
        Explained {
            about: key.about.clone(),
            kind: key.kind(),
            default: key.default.clone(),
            value: value.unwrap_or_else(|| key.default.clone()),
            source: project.source(&key.name),
            variable: key.variable(),
            key: key.name.clone(),
        }
    };
    let explained: Vec<Explained> = keys.iter().filter(is_wanted).map(of).collect();
    if let (true, Some(wanted)) = (explained.is_empty(), wanted) {
        let section = wanted.split('.').next().unwrap_or_default();
        if let Some(open) = SECTIONS.iter().find(|open| open.name == section && open.keys.is_none()) {
            bail!("[{section}] has no keys of its own: {}", open.about);
        }
        let hint = match nearest(wanted, keys.iter().map(|key| key.name.as_str())) {
            Some(like) => format!("did you mean `{like}`?"),
            None => "`tasker config show` lists them".to_owned(),
        };
        bail!("there is no key `{wanted}`; {hint}");
    }
    output.result(&explained, || {
        explained.iter().map(|one| words(one, output)).collect::<Vec<_>>().join("\n\n")
    })?;
    Ok(Ending::Done)
}

fn words(one: &Explained, output: &Output) -> String {
    let fact = |name: &str, value: &str| {
        format!("\n  {} {value}", output.style(Style::Faint, &format!("{name:<11}")))
    };
    let source = match &one.source {
        Source::Default => "the default".to_owned(),
        source => source.to_string(),
    };
    let mut text = format!("{}\n  {}", output.style(Style::Strong, &one.key), one.about);
    text += &fact("type", one.kind);
    text += &fact("default", &one.default.to_string());
    text += &fact("value", &format!("{}, from {source}", one.value));
    text + &fact("environment", &one.variable)
}

/// Checks the configuration of the project that contains this folder.
pub(crate) fn validate(
    start: &Path,
    server: Option<String>,
    profile: Option<&str>,
    output: &Output,
) -> Result<Ending> {
    let Checked { file, mut faults } = check(start)?;
    faults.extend(server.and_then(of_server));
    faults.extend(of_profiles(profile));
    let named = file.as_ref().map_or_else(|| "no tasker.toml".to_owned(), |file| file.display().to_string());
    let report = json!({ "file": file, "valid": faults.is_empty(), "faults": faults });
    output.result(&report, || if faults.is_empty() { format!("{named}: valid") } else { String::new() })?;
    if faults.is_empty() {
        return Ok(Ending::Done);
    }
    if !output.json {
        for fault in &faults {
            eprintln!("{}", printable(&line(fault)));
        }
    }
    Ok(Ending::Failed)
}

/// Whether the server that the command line or the environment names has a URL.
fn of_server(url: String) -> Option<Fault> {
    let refused = Server { url, ..Server::default() }.complete_url().err()?;
    let detail = format!("--server or $TASKER_URL: {refused:#}");
    Some(Fault { file: None, line: None, variable: None, key: None, detail })
}

/// Whether the profiles can be read, and have the one that is asked for.
fn of_profiles(wanted: Option<&str>) -> Option<Fault> {
    let found = Profiles::load().and_then(|profiles| match wanted {
        Some(name) => profiles.get(name).map(|_| ()),
        None => Ok(()),
    });
    let detail = format!("{:#}", found.err()?);
    Some(Fault { file: None, line: None, variable: None, key: None, detail })
}

pub(super) fn line(fault: &Fault) -> String {
    let place = match (&fault.file, &fault.variable) {
        (Some(file), _) => match fault.line {
            Some(line) => format!("{}:{line}: ", file.display()),
            None => format!("{}: ", file.display()),
        },
        (None, Some(variable)) => format!("${variable}: "),
        (None, None) => String::new(),
    };
    let key = fault.key.as_ref().map_or(String::new(), |key| format!("{key}: "));
    format!("{place}{key}{}", fault.detail)
}
