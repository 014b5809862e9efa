//! `tasker build`: builds the project's components, and checks them, its templates and its triggers.

use anyhow::Result;
use serde_json::json;

use super::ending::Ending;
use crate::{
    config::ProjectConfig,
    output::{Output, table},
    parts,
    project::{components::build, describe::Handlers, templates::read_templates, triggers::read_triggers},
};

pub(crate) async fn run(project: &ProjectConfig, output: &Output) -> Result<Ending> {
    let templates = read_templates(project)?;
    let triggers = read_triggers(project)?;
    let components = build(project).await?;
    let blobs = parts::open_blobs(project)?;
    let host = parts::open_host(project, &blobs)?;
    let mut rows = Vec::new();
    let mut as_json = Vec::new();
    let handlers = Handlers::of(project, &components, &host).await?;
    for (component, described) in handlers.components() {
        for handler in &described.handlers {
            as_json.push(json!({
                "handler": handler.name, "description": handler.description, "component": described.digest,
                "path": component.path, "size_bytes": component.wasm.len(),
            }));
            let size = format!("{} KB", component.wasm.len().div_ceil(1000));
            rows.push(vec![
                handler.name.clone(),
                described.digest[..12].to_owned(),
                size,
                handler.description.clone(),
            ]);
        }
    }
    handlers.warn_of_unknown(&templates);
    for file in &triggers {
        file.warn_of_missing(&templates);
    }
    output.result(&as_json, || table(&["HANDLER", "COMPONENT", "SIZE", "DESCRIPTION"], &rows))?;
    Ok(Ending::Done)
}
