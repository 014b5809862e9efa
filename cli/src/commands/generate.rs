//! `tasker generate`: code and pages from a template of the project or of a server.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;
use tasker_templates::template::Template;

use super::{
    ending::Ending,
    named_template::{of_project, published},
};
use crate::{
    config::ProjectConfig,
    generate::{ClientLanguage, Language, client, document, types},
    output::Output,
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print the types of a template's input and results, from its `input_schema` and its `result_schema`s.
    Types(Types),
    /// Print a typed client of a template: its types, and functions that start a task and read the results of its steps, over the
    /// package `tasker-client` of the language.
    Client(TypedClient),
    /// Print the page of a template, in Markdown: graph, input, steps, results.
    Docs(Docs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Types {
    #[command(flatten)]
    source: Source,
    /// The language.
    #[arg(long, short, value_enum)]
    language: Language,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TypedClient {
    #[command(flatten)]
    source: Source,
    /// The language.
    #[arg(long, short, value_enum)]
    language: ClientLanguage,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Docs {
    #[command(flatten)]
    source: Source,
}

/// Which template.
#[derive(Debug, clap::Args)]
struct Source {
    /// `NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME@VERSION`; or a file.
    template: String,
    /// Take the template that a server has published, not that of the project.
    #[arg(long)]
    published: bool,
    /// Write to this file, instead of printing.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    match command {
        Command::Types(arguments) => write_types(project, arguments, output).await,
        Command::Client(TypedClient { source, language }) => {
            let template = source.read(project).await?;
            source.write(&client(&template, language), output)
        }
        Command::Docs(arguments) => write_docs(project, arguments, output).await,
    }
}

pub(crate) async fn write_types(
    project: &ProjectConfig,
    arguments: Types,
    output: &Output,
) -> Result<Ending> {
    let template = arguments.source.read(project).await?;
    arguments.source.write(&types(&template, arguments.language), output)
}

pub(crate) async fn write_docs(project: &ProjectConfig, arguments: Docs, output: &Output) -> Result<Ending> {
    let template = arguments.source.read(project).await?;
    arguments.source.write(&document(&template)?, output)
}

impl Source {
    async fn read(&self, project: &ProjectConfig) -> Result<Template> {
        if self.published {
            return published(project, &self.template).await;
        }
        of_project(project, &self.template)
    }

    fn write(&self, text: &str, output: &Output) -> Result<Ending> {
        match &self.out {
            Some(path) => {
                std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
                output.result(&json!({ "file": path }), String::new)?;
            }
            None => output.result(&json!({ "text": text }), || text.trim_end().to_owned())?,
        }
        Ok(Ending::Done)
    }
}
