//! `tasker template`: checks, lists, shows and draws templates.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;
use tasker_orchestrator::read::{DrawnGraph, TemplateSummary, TemplateVersion, TemplateVersions};
use tasker_templates::template::{reference, template_schema};

use super::{
    ending::Ending,
    generate, import,
    named_template::{of_project, published},
    request::template_name,
    template_check,
};
use crate::{
    client::{Client, segment},
    config::{ProjectConfig, Recipe},
    graph::{Format, draw},
    json::pretty,
    output::{Output, print, table},
    parts,
    project::{
        components::build,
        describe::Handlers,
        templates::{TemplateFile, read_files, read_templates},
    },
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Check template files. Their handlers are checked here if all components of the project are .wasm files, and else by
    /// `tasker build`.
    Validate {
        /// The files. Default: all files of the project.
        files: Vec<PathBuf>,
        /// Let a server check them, by its rules. It reports every problem.
        #[arg(long)]
        remote: bool,
    },
    /// List the templates that a server has published.
    List,
    /// List the versions of a template that a server has published.
    Versions {
        /// `NAME` or `NAMESPACE/NAME`.
        template: String,
    },
    /// Print a template that a server has published.
    Show {
        /// `NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME@VERSION`.
        template: String,
    },
    /// Draw the DAG of a template file, or of a template of the project by its name.
    Graph {
        /// The file or the name.
        template: String,
        /// The format of the picture.
        #[arg(long, value_enum, default_value = "svg")]
        format: Format,
    },
    /// As `tasker generate types`.
    Types(generate::Types),
    /// As `tasker generate docs`.
    Docs(generate::Docs),
    /// Convert a template from an earlier version of the format to the current one, and print the changes.
    Import(import::Arguments),
    /// Print the JSON Schema of templates, for editors.
    Schema,
    /// Print the reference of the template format, in Markdown.
    Reference,
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    match command {
        Command::Validate { files, remote: true } => template_check::run(project, &files, output).await,
        Command::Validate { files, remote: false } => validate(project, &files, output).await,
        Command::Versions { template } => versions(project, &template, output).await,
        Command::List => {
            let templates: Vec<TemplateSummary> = Client::of(project)?.all("/v1/templates").await?;
            output.result(&templates, || {
                let row = |template: &TemplateSummary| {
                    vec![
                        format!("{}/{}", template.namespace, template.name),
                        template.version.clone(),
                        template.steps.to_string(),
                        template.description.clone().unwrap_or_default(),
                    ]
                };
                let rows: Vec<_> = templates.iter().map(row).collect();
                table(&["TEMPLATE", "VERSION", "STEPS", "DESCRIPTION"], &rows)
            })?;
            Ok(Ending::Done)
        }
        Command::Show { template } => {
            let found = published(project, &template).await?;
            let text = pretty(&found)?;
            output.result(&found, || text)?;
            Ok(Ending::Done)
        }
        Command::Graph { template, format } => {
            let template = of_project(project, &template)?;
            let graph = DrawnGraph::of_template(&template)?;
            output.result(&graph, || draw(&graph, format))?;
            Ok(Ending::Done)
        }
        Command::Types(arguments) => generate::write_types(project, arguments, output).await,
        Command::Docs(arguments) => generate::write_docs(project, arguments, output).await,
        Command::Import(arguments) => import::run(&arguments, output),
        Command::Reference => {
            print(reference().trim_end());
            Ok(Ending::Done)
        }
        Command::Schema => {
            print(&format!("{:#}", template_schema()));
            Ok(Ending::Done)
        }
    }
}

async fn validate(project: &ProjectConfig, files: &[PathBuf], output: &Output) -> Result<Ending> {
    let templates = if files.is_empty() { read_templates(project)? } else { read_files(files)? };
    // The handlers of packages are known after a build only.
    let components = &project.config.project.components;
    if !components.is_empty()
        && components.iter().all(|component| component.recipe(&project.root) == Ok(Recipe::File))
    {
        let components = build(project).await?;
        let host = parts::open_host(project, &parts::open_blobs(project)?)?;
        Handlers::of(project, &components, &host).await?.warn_of_unknown(&templates);
    }
    let as_json: Vec<_> = templates
        .iter()
        .map(|file| json!({ "file": file.path, "name": file.template.name, "steps": file.template.steps.len() }))
        .collect();
    output.result(&as_json, || {
        let line = |file: &TemplateFile| {
            let template = &file.template;
            let (name, version, steps) = (&template.name, &template.version, template.steps.len());
            format!(
                "{}: {}/{name} {version} is valid ({steps} steps)",
                file.path.display(),
                template.namespace_name
            )
        };
        templates.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ending::Done)
}

async fn versions(project: &ProjectConfig, template: &str, output: &Output) -> Result<Ending> {
    let (namespace, name, _) = template_name(template);
    let path = format!("/v1/templates/{}/{}", segment(namespace.unwrap_or("default")), segment(name));
    let found: TemplateVersions = Client::of(project)?.get(&path).await?;
    output.result(&found, || {
        let row = |version: &TemplateVersion| {
            vec![
                version.version.clone(),
                if version.version == found.latest_version { "latest" } else { "" }.to_owned(),
                version.published_at.format("%Y-%m-%d %H:%M:%S").to_string(),
                version.tasks_24h.to_string(),
            ]
        };
        let rows: Vec<_> = found.versions.iter().map(row).collect();
        table(&["VERSION", "", "PUBLISHED (UTC)", "TASKS IN 24 H"], &rows)
    })?;
    Ok(Ending::Done)
}
