//! Building a project's handlers to components, and publishing them with the project's templates and triggers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use serde_json::Value;
use tasker_orchestrator::{ComponentPublication, Orchestrator, Publication, PublishedHandler};
use tasker_runtime_host::Host;
use tasker_templates::template::{Parsed, Template, parse};
use tasker_transport::BlobStore;
use tokio::process::Command;

use super::{
    triggers::TriggerFile,
    versions::{self, Changed},
};
use crate::config::ProjectConfig;

/// The target that handlers are built for.
const TARGET: &str = "wasm32-wasip2";

/// A component that was built or found.
#[derive(Debug, Clone)]
pub(crate) struct BuiltComponent {
    pub(crate) path: PathBuf,
    pub(crate) wasm: Bytes,
}

/// Builds the project's components. Cargo tells of its progress on standard error.
pub(crate) async fn build(project: &ProjectConfig) -> Result<Vec<BuiltComponent>> {
    let mut built = Vec::new();
    for component in &project.config.project.components {
        let path = project.path(component);
        if path.is_dir() {
            for artifact in build_package(&path).await? {
                built.push(read(artifact)?);
            }
        } else {
            built.push(read(path)?);
        }
    }
    Ok(built)
}

fn read(path: PathBuf) -> Result<BuiltComponent> {
    let wasm = fs::read(&path).with_context(|| format!("reading the component {}", path.display()))?;
    Ok(BuiltComponent { path, wasm: wasm.into() })
}

async fn build_package(folder: &Path) -> Result<Vec<PathBuf>> {
    let manifest = folder.join("Cargo.toml");
    if !manifest.is_file() {
        bail!(
            "{} is no Cargo package; name packages and .wasm files in `components` under [project] of tasker.toml",
            folder.display()
        );
    }
    let output = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--lib",
            "--target",
            TARGET,
            "--message-format",
            "json-render-diagnostics",
        ])
        .arg("--manifest-path")
        .arg(&manifest)
        // Flags for this machine's own code are not for theirs.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR")
        .stderr(Stdio::inherit())
        .output()
        .await
        .context("running cargo")?;
    if !output.status.success() {
        bail!(
            "{} did not build.{}",
            manifest.display(),
            if has_target().await { "" } else { "\nInstall its target:  rustup target add wasm32-wasip2" }
        );
    }
    let manifest = manifest.canonicalize()?;
    let artifacts: Vec<PathBuf> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter(|message| message["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest))
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    if artifacts.is_empty() {
        bail!("{} makes no component; give it `crate-type = [\"cdylib\"]` under [lib]", manifest.display());
    }
    Ok(artifacts)
}

async fn has_target() -> bool {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output().await;
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).exists())
}

/// A template of the project and the file that it stands in.
#[derive(Debug, Clone)]
pub(crate) struct TemplateFile {
    pub(crate) path: PathBuf,
    pub(crate) template: Template,
}

/// Reads the project's templates. What is wrong is told with its place; all files are looked at.
pub(crate) fn read_templates(project: &ProjectConfig) -> Result<Vec<TemplateFile>> {
    let folder = project.path(&project.config.project.templates);
    let paths = documents(&folder)
        .with_context(|| format!("there is no folder of templates at {}", folder.display()))?;
    let mut templates = Vec::new();
    let mut faults = Vec::new();
    for path in paths {
        match read_template(&path) {
            Ok(file) => templates.push(file),
            Err(error) => faults.push(format!("{error:#}")),
        }
    }
    if faults.is_empty() { Ok(templates) } else { bail!("{}", faults.join("\n")) }
}

/// The files of a folder that are YAML or JSON, by name.
pub(crate) fn documents(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("reading the folder {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
    });
    paths.sort();
    Ok(paths)
}

/// Reads one template.
pub(crate) fn read_template(path: &Path) -> Result<TemplateFile> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let name = shown(path);
    match parse(&text) {
        Ok(Parsed { template, warnings }) => {
            if !warnings.0.is_empty() {
                eprintln!("{}", warnings.render(&name));
            }
            Ok(TemplateFile { path: path.to_path_buf(), template })
        }
        Err(problems) => bail!("{}", problems.render(&name)),
    }
}

/// A path as people want to read it: from where they stand.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let relative = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    relative.unwrap_or_else(|| path.to_path_buf()).display().to_string()
}

/// What was published.
#[derive(Debug, Clone, Default)]
pub(crate) struct Published {
    pub(crate) handlers: Vec<String>,
    pub(crate) templates: Vec<String>,
    pub(crate) triggers: Vec<String>,
    /// For each template that was published as another version than its author wrote, a line that says so.
    pub(crate) changed: Vec<String>,
}

/// What is to be published, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToPublish<'a> {
    pub(crate) components: &'a [BuiltComponent],
    pub(crate) templates: &'a [TemplateFile],
    pub(crate) triggers: &'a [TriggerFile],
    /// What becomes of a template that has changed under its version.
    pub(crate) changed: Changed,
    /// Whether tasks get the new versions of handlers from now on.
    pub(crate) promote: bool,
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
    let components = describe(project, components, host, blobs).await?;
    let names =
        components.iter().flat_map(|component| &component.handlers).map(|handler| handler.name.clone());
    let mut published = Published { handlers: names.collect(), ..Published::default() };
    orchestrator.catalog.publish_components(&components, &project.config.handlers, promote).await?;
    for file in templates {
        let template = &file.template;
        let done = versions::publish(orchestrator, template, changed).await;
        let (done, version) = done.with_context(|| format!("{} cannot be published", shown(&file.path)))?;
        if done == Publication::Published {
            tracing::debug!(template = template.name, version, "published");
            if version != template.version {
                let (name, written) = (&template.name, &template.version);
                published.changed.push(format!("{name} {written} changed: published as {version}"));
            }
        }
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

/// Puts components in the blob store and answers what they hold, with the project's own names for it checked.
pub(crate) async fn describe(
    project: &ProjectConfig,
    components: &[BuiltComponent],
    host: &Host,
    blobs: &BlobStore,
) -> Result<Vec<ComponentPublication>> {
    let mut publications: Vec<ComponentPublication> = Vec::new();
    for component in components {
        let described = host
            .describe(&component.wasm)
            .await
            .with_context(|| format!("{} cannot be published", shown(&component.path)))?;
        let digest = blobs.put_component(component.wasm.clone()).await?;
        let schema = |raw: Option<Box<tasker_protocol::RawValue>>| -> Result<Option<Value>> {
            Ok(raw.map(|raw| serde_json::from_str(raw.get())).transpose()?)
        };
        let mut handlers = Vec::new();
        for handler in described.handlers {
            handlers.push(PublishedHandler {
                name: handler.name,
                description: handler.description,
                input_schema: schema(handler.input_schema)?,
                result_schema: schema(handler.result_schema)?,
            });
        }
        publications.push(ComponentPublication { digest, size_bytes: component.wasm.len() as u64, handlers });
    }
    let names: Vec<&str> =
        publications.iter().flat_map(|one| &one.handlers).map(|handler| handler.name.as_str()).collect();
    for (alias, handler) in &project.config.handlers {
        if !names.contains(&handler.as_str()) {
            bail!(
                "tasker.toml maps `{alias}` to the handler `{handler}`, which no component of the project holds; \
                 there are {}",
                names.join(", ")
            );
        }
    }
    Ok(publications)
}
