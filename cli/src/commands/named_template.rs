//! A template by its name: of the project, or of a server.

use std::path::Path;

use anyhow::{Context, Result, bail};
use tasker_orchestrator::read::TemplateSummary;
use tasker_templates::template::{Template, latest};

use super::request::template_name;
use crate::{
    client::{Client, query, segment},
    config::ProjectConfig,
    project::templates::{read_template, read_templates},
};

/// Reads a template file, or a template of the project: its latest version, or the one that is asked for.
pub(super) fn of_project(project: &ProjectConfig, wanted: &str) -> Result<Template> {
    let path = Path::new(wanted);
    if path.is_file() {
        return Ok(read_template(path)?.template);
    }
    let (namespace, name, version) = template_name(wanted);
    let templates = read_templates(project)?;
    let known: Vec<String> = templates
        .iter()
        .map(|file| format!("{}/{}", file.template.namespace_name, file.template.name))
        .collect();
    let is_wanted = |template: &Template| {
        template.name == name
            && namespace.is_none_or(|namespace| template.namespace_name == namespace)
            && version.is_none_or(|version| template.version == version)
    };
    let mut found: Vec<Template> =
        templates.into_iter().map(|file| file.template).filter(is_wanted).collect();
    let namespaces = found.iter().filter(|one| one.namespace_name != found[0].namespace_name).count();
    if namespaces > 0 {
        bail!("several namespaces have a template `{name}`: write NAMESPACE/{name}");
    }
    let index = latest(found.iter().map(|template| template.version.as_str()));
    index.map(|index| found.swap_remove(index)).with_context(|| {
        format!(
            "there is no file and no template `{wanted}`; the project has {}",
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        )
    })
}

/// A template that a server has published.
pub(super) async fn published(project: &ProjectConfig, wanted: &str) -> Result<Template> {
    let (namespace, name, version) = template_name(wanted);
    let client = Client::of(project)?;
    let all: Vec<TemplateSummary> =
        client.all(&format!("/v1/templates?{}", query([("name", Some(name.to_owned()))]))).await?;
    let matches = |template: &&TemplateSummary| {
        template.name == name
            && namespace.is_none_or(|namespace| template.namespace == namespace)
            && version.is_none_or(|version| template.version == version)
    };
    let found: Vec<&TemplateSummary> = all.iter().filter(matches).collect();
    let found = latest(found.iter().map(|found| found.version.as_str())).map(|index| found[index]);
    let found =
        found.with_context(|| format!("there is no template `{wanted}`; see `tasker template list`"))?;
    let [namespace, name, version] =
        [&found.namespace, &found.name, &found.version].map(|part| segment(part));
    client.get(&format!("/v1/templates/{namespace}/{name}/{version}")).await
}
