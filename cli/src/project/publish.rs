//! Publishes a project's components, templates and triggers to a database.

use anyhow::{Context, Result};
use tasker_orchestrator::{
    Orchestrator, Publication, Slice,
    read::{TemplateFilter, TemplateSummary},
};
use tasker_runtime_host::Host;
use tasker_templates::template::{Template, latest};
use tasker_transport::BlobStore;

use super::{
    components::BuiltComponent,
    describe::Handlers,
    documents::shown,
    templates::TemplateFile,
    triggers::TriggerFile,
    versions::{self, Changed},
};
use crate::config::ProjectConfig;

/// The published names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Published {
    pub(crate) handlers: Vec<String>,
    pub(crate) templates: Vec<String>,
    pub(crate) triggers: Vec<String>,
    /// One line for each template that was published under another version than its file has, or that is not what tasks use.
    pub(crate) notes: Vec<String>,
}

/// What to publish.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToPublish<'a> {
    pub(crate) components: &'a [BuiltComponent],
    pub(crate) templates: &'a [TemplateFile],
    pub(crate) triggers: &'a [TriggerFile],
    /// How to handle a template that has changed without a new version.
    pub(crate) changed: Changed,
    /// Whether new tasks use the new handler versions.
    pub(crate) promote: bool,
}

/// Stores the components in the blob store.
pub(crate) async fn store(handlers: &Handlers<'_>, blobs: &BlobStore) -> Result<()> {
    for (built, _) in handlers.components() {
        blobs.put_component(built.wasm.clone()).await?;
    }
    Ok(())
}

/// Returns a line for each template that was published from elsewhere in a later version than all of these.
fn superseded(published: &[(&Template, String)], all: &[TemplateSummary]) -> Vec<String> {
    let mut lines = Vec::new();
    for (template, version) in published {
        let Template { namespace_name: namespace, name, .. } = template;
        let same = |other: &&TemplateSummary| other.namespace == *namespace && other.name == *name;
        let known: Vec<&str> = all.iter().filter(same).map(|other| other.version.as_str()).collect();
        let used = latest(known.iter().copied()).map(|index| known[index]).unwrap_or_default();
        let is_ours = published.iter().any(|(other, version)| {
            (&other.namespace_name, &other.name, version.as_str()) == (namespace, name, used)
        });
        if !is_ours {
            lines.push(format!(
                "{namespace}/{name} {version} is older than {used}, which was published before: tasks use {used}, unless they \
                 name a version"
            ));
        }
    }
    lines
}

/// Publishes components, templates and triggers, in this order: each needs what comes before it.
pub(crate) async fn publish(
    project: &ProjectConfig,
    publication: ToPublish<'_>,
    host: &Host,
    blobs: &BlobStore,
    orchestrator: &Orchestrator,
) -> Result<Published> {
    let ToPublish { components, templates, triggers, changed, promote } = publication;
    let handlers = Handlers::of(project, components, host).await?;
    handlers.warn_of_unknown(templates);
    store(&handlers, blobs).await?;
    let names = handlers.callables().into_iter().map(str::to_owned);
    let mut published = Published { handlers: names.collect(), ..Published::default() };
    orchestrator.catalog.publish_components(&handlers.publications()?, &handlers.aliases, promote).await?;
    let mut versions = Vec::new();
    for file in templates {
        let template = &file.template;
        let done = versions::publish(orchestrator, template, changed).await;
        let (done, version) = done.with_context(|| format!("{} cannot be published", shown(&file.path)))?;
        if done == Publication::Published {
            tracing::debug!(template = template.name, version, "published");
            if version != template.version {
                let (name, written) = (&template.name, &template.version);
                published.notes.push(format!("{name} {written} changed: published as {version}"));
            }
        }
        versions.push((template, version));
    }
    published.notes.extend(superseded(
        &versions,
        &orchestrator.reader.templates(&TemplateFilter::default(), Slice::all()).await?,
    ));
    for (template, version) in versions {
        published.templates.push(format!("{}/{} {version}", template.namespace_name, template.name));
    }
    for file in triggers {
        let trigger = file.trigger();
        let done = orchestrator.triggers.publish_trigger(trigger).await;
        done.with_context(|| {
            let (line, column) = (file.parsed.task.line, file.parsed.task.column);
            format!("{}:{line}:{column}: the trigger cannot be published", shown(&file.path))
        })?;
        published.triggers.push(trigger.full_name());
    }
    Ok(published)
}
