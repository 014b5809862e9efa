//! `tasker config`: prints the configuration and the sources of its values.

use anyhow::Result;
use serde_json::json;

use super::ending::Ending;
use crate::{
    config::{ProjectConfig, Source},
    output::{Output, table},
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print every key with its value and where the value comes from.
    Show,
}

pub(crate) fn run(project: &ProjectConfig, command: &Command, output: &Output) -> Result<Ending> {
    let Command::Show = command;
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
