//! Determines the handlers of a project's components.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tasker_orchestrator::{ComponentPublication, PublishedHandler};
use tasker_runtime_host::Host;
use tasker_transport::BlobStore;

use super::{components::BuiltComponent, documents::shown};
use crate::config::ProjectConfig;

/// Stores components in the blob store, and returns the handlers of each. Fails if `[handlers]` of the project names
/// a handler that no component contains.
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
                "tasker.toml maps `{alias}` to the handler `{handler}`, which no component of the project contains; \
                 there are {}",
                names.join(", ")
            );
        }
    }
    Ok(publications)
}
