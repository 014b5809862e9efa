//! Putting a project where functions find it: components and what they are compiled to by digest, and one bundle that says
//! what to publish.

use anyhow::{Context, Result};
use tasker_orchestrator::Bundle;
use tasker_runtime_host::{Host, compile_for, compiled_name};
use tasker_transport::{BlobError, BlobStore};

use super::{
    build::{self, BuiltComponent, TemplateFile},
    signing::Publisher,
    triggers::TriggerFile,
};
use crate::config::ProjectConfig;

/// What is uploaded, and for whom.
pub(crate) struct ToUpload<'a> {
    pub(crate) components: &'a [BuiltComponent],
    pub(crate) templates: &'a [TemplateFile],
    pub(crate) triggers: &'a [TriggerFile],
    /// The architecture of the hosts: `x86_64` or `aarch64`.
    pub(crate) architecture: &'a str,
    /// Who signs what is compiled.
    pub(crate) publisher: &'a Publisher,
    /// Whether tasks get the new versions of handlers from now on.
    pub(crate) promote: bool,
}

/// Uploads all of it and answers the key of the bundle.
pub(crate) async fn upload(
    project: &ProjectConfig,
    upload: ToUpload<'_>,
    host: &Host,
    blobs: &BlobStore,
) -> Result<String> {
    let components = build::describe(project, upload.components, host, blobs).await?;
    let public_key = upload.publisher.public_key().await?;
    for (described, built) in components.iter().zip(upload.components) {
        let (digest, wasm) = (described.digest.clone(), built.wasm.clone());
        let name = compiled_name(&digest, upload.architecture);
        // The same again would be signed in other bytes.
        match blobs.get_compiled(&name).await {
            Ok(there) if public_key.has_sealed(&name, &there) => continue,
            Ok(_) | Err(BlobError::Missing { .. }) => {}
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
        components,
        aliases: project.config.handlers.clone(),
        templates: upload.templates.iter().map(|file| file.template.clone()).collect(),
        triggers: upload.triggers.iter().map(|file| file.trigger().clone()).collect(),
        promote: upload.promote,
    };
    Ok(blobs.put_bundle(serde_json::to_vec(&bundle)?.into()).await?)
}
