//! A template by its name: of the project, or of a server.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tasker_orchestrator::read::TemplateSummary;
use tasker_templates::template::{Template, latest};

use super::request::template_name;
use crate::{
    client::{Client, query, segment},
    config::ProjectConfig,
    project::templates::{TemplateFile, read_template, read_templates},
};

/// Reads a template file, or a template of the project: its latest version, or the one that is asked for.
pub(super) fn of_project(project: &ProjectConfig, wanted: &str) -> Result<Template> {
    let path = Path::new(wanted);
    if path.is_file() {
        return Ok(read_template(path)?.template);
    }
    Ok(named(project, wanted)?.template)
}

/// The file of a template of the project: `wanted` itself if it is a file, or that of the template so named.
pub(super) fn file_of_project(project: &ProjectConfig, wanted: &str) -> Result<PathBuf> {
    let path = Path::new(wanted);
    if path.is_file() { Ok(path.to_path_buf()) } else { Ok(named(project, wanted)?.path) }
}

fn named(project: &ProjectConfig, wanted: &str) -> Result<TemplateFile> {
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
    let mut found: Vec<TemplateFile> =
        templates.into_iter().filter(|file| is_wanted(&file.template)).collect();
    let namespaces =
        found.iter().filter(|one| one.template.namespace_name != found[0].template.namespace_name).count();
    if namespaces > 0 {
        bail!("several namespaces have a template `{name}`: write NAMESPACE/{name}");
    }
    let index = latest(found.iter().map(|file| file.template.version.as_str()));
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
