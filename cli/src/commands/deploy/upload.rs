//! Uploads a project to the blob store: components and their compiled form by digest, and one bundle to publish.

use anyhow::{Context, Result};
use tasker_orchestrator::Bundle;
use tasker_runtime_host::{Host, compile_for, compiled_name};
use tasker_transport::{BlobError, BlobStore};

use super::signing::Publisher;
use crate::{
    config::ProjectConfig,
    project::{
        components::BuiltComponent, describe::Handlers, publish::store, templates::TemplateFile,
        triggers::TriggerFile,
    },
};

/// The content of an upload.
pub(super) struct ToUpload<'a> {
    pub(super) components: &'a [BuiltComponent],
    pub(super) templates: &'a [TemplateFile],
    pub(super) triggers: &'a [TriggerFile],
    /// The architecture of the hosts: `x86_64` or `aarch64`.
    pub(super) architecture: &'a str,
    /// The key that signs compiled components.
    pub(super) publisher: &'a Publisher,
    /// Whether new tasks use the new handler versions.
    pub(super) promote: bool,
}

/// Uploads everything. Returns the key of the bundle.
pub(super) async fn upload(
    project: &ProjectConfig,
    upload: ToUpload<'_>,
    host: &Host,
    blobs: &BlobStore,
) -> Result<String> {
    let handlers = Handlers::of(project, upload.components, host).await?;
    handlers.warn_of_unknown(upload.templates);
    store(&handlers, blobs).await?;
    let public_key = upload.publisher.public_key().await?;
    for (built, described) in handlers.components() {
        let (digest, wasm) = (described.digest.clone(), built.wasm.clone());
        let name = compiled_name(&digest, upload.architecture);
        // A component that was uploaded is not compiled again: a new signature would change its bytes, and hosts
        // would load it again.
        match blobs.get_compiled(&name).await {
            Ok(there) if public_key.has_sealed(&name, &there) => continue,
            // S3 denies access to an object that does not exist.
            Ok(_) | Err(BlobError::Missing { .. } | BlobError::Denied { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let architecture = upload.architecture.to_owned();
        let compiled =
            tokio::task::spawn_blocking(move || compile_for(&digest, &wasm, &architecture)).await?;
        let compiled = compiled.with_context(|| {
            format!("{} cannot be compiled for {}", built.path.display(), upload.architecture)
        })?;
        let signature = upload.publisher.sign(&compiled.statement()).await?;
        blobs.put_compiled(compiled.name(), compiled.sealed(&signature).into()).await?;
    }
    let bundle = Bundle {
        components: handlers.publications()?,
        aliases: handlers.aliases,
        templates: upload.templates.iter().map(|file| file.template.clone()).collect(),
        triggers: upload.triggers.iter().map(|file| file.trigger().clone()).collect(),
        promote: upload.promote,
    };
    Ok(blobs.put_bundle(serde_json::to_vec(&bundle)?.into()).await?)
}
