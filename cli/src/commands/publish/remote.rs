//! Publishes through the API of a server.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde_json::Value;
use tasker_orchestrator::{ComponentPublication, Publication, PublicationReport};
use tasker_templates::{template::Template, trigger::Trigger};

use crate::{
    client::{Client, told},
    commands::ending::Ending,
    config::ProjectConfig,
    output::Output,
    parts,
    project::{
        components::build,
        describe::Handlers,
        templates::read_templates,
        triggers::{TriggerFile, read_triggers},
    },
};

/// The body of a publication.
#[derive(Serialize)]
struct Bundle<'a> {
    components: Vec<ComponentPublication>,
    aliases: &'a BTreeMap<String, String>,
    templates: Vec<&'a Template>,
    triggers: Vec<&'a Trigger>,
    promote: bool,
}

pub(super) async fn run(project: &ProjectConfig, promote: bool, output: &Output) -> Result<Ending> {
    let client = Client::of(project)?;
    let (templates, triggers) = (read_templates(project)?, read_triggers(project)?);
    let components = build(project).await?;
    let blobs = parts::open_blobs(project)?;
    let host = parts::open_host(project, &blobs)?;
    let handlers = Handlers::of(project, &components, &host).await?;
    handlers.warn_of_unknown(&templates);
    let bundle = Bundle {
        components: handlers.publications()?,
        aliases: &handlers.aliases,
        templates: templates.iter().map(|file| &file.template).collect(),
        triggers: triggers.iter().map(TriggerFile::trigger).collect(),
        promote,
    };
    let preview = send(&client, &bundle, "?dry_run=true").await?;
    for digest in &preview.missing_components {
        let Some((built, _)) = handlers.components().find(|(_, described)| described.digest == *digest)
        else {
            bail!("the server asks for a component {digest} that the project does not have");
        };
        output.say(&format!("storing {} ({} KB)", built.path.display(), built.wasm.len().div_ceil(1000)));
        let path = format!("/v1/components/{digest}");
        let stored: Result<Value> = client.put(&path, "application/wasm", built.wasm.to_vec()).await;
        stored.with_context(|| format!("{} could not be stored", built.path.display()))?;
    }
    let report = send(&client, &bundle, "").await?;
    output.result(&report, || describe(&report))?;
    Ok(Ending::Done)
}

async fn send(client: &Client, bundle: &Bundle<'_>, query: &str) -> Result<PublicationReport> {
    client.post(&format!("/v1/publications{query}"), bundle).await?.map_err(told)
}

fn describe(report: &PublicationReport) -> String {
    let lines = report.templates.iter().chain(&report.triggers).map(|part| {
        let version = part.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
        let outcome = match part.outcome {
            Publication::Published => "published",
            Publication::Unchanged => "unchanged",
        };
        format!("{outcome} {}/{}{version}", part.namespace, part.name)
    });
    lines.collect::<Vec<_>>().join("\n")
}
