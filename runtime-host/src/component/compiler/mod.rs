//! Compilation: bytes → ([`adapt`] →) [`translate`], optionally in a [`child`] process; for this host or for
//! others.

mod adapt;
mod child;
mod translate;

use std::{path::Path, time::Duration};

use wasmtime::Engine;

use super::{
    artifact::Artifact,
    seal::{CompiledComponent, compiled_name},
};
use crate::CompileError;
pub use child::compile_command;

/// Compiles for this host, in a child process if a program is configured.
pub(super) async fn compile(
    engine: &Engine,
    wasm: Vec<u8>,
    program: Option<&Path>,
    folder: &Path,
    timeout: Duration,
) -> Result<Artifact, CompileError> {
    if let Some(program) = program {
        return child::compile_in_child(program, folder, engine, &wasm, timeout).await;
    }
    let engine = engine.clone();
    let compiled = tokio::task::spawn_blocking(move || translate::compile(&engine, &wasm));
    match tokio::time::timeout(timeout, compiled).await {
        Err(_) => Err(CompileError::TimedOut(timeout)),
        Ok(Ok(compiled)) => compiled,
        Ok(Err(_)) => Err(CompileError::Invalid("the compiler crashed on it".to_owned())),
    }
}

/// Compiles a component for hosts of one architecture (`x86_64`, `aarch64`).
pub fn compile_for(digest: &str, wasm: &[u8], architecture: &str) -> Result<CompiledComponent, CompileError> {
    let engine = crate::engine::compiler_for(architecture)
        .map_err(|error| CompileError::Process(format!("no compiler for `{architecture}`: {error:#}")))?;
    let artifact = translate::compile(&engine, wasm)?;
    Ok(CompiledComponent::new(compiled_name(digest, architecture), &artifact))
}
