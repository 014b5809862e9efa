//! Compiles in a child process, so that a component that exhausts memory or time only ends that process.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use wasmtime::Engine;

use super::translate::compile;
use crate::CompileError;
use crate::component::artifact::Artifact;
use crate::component::seal::compatibility;

/// The address space limit of the child. Large components were measured at 376 MB resident.
const ADDRESS_SPACE: u64 = 4 << 30;

/// The first byte of the output: an artifact follows.
const COMPILED: u8 = 1;

/// The first byte of the output: the reason why the component is invalid follows.
const INVALID: u8 = 0;

/// The main function of the child process: limits its resources, compiles the component in `input` and writes
/// the result or the error to `output`. For the program in [`crate::HostConfig::compiler`]; it limits the
/// whole process.
pub fn compile_command(input: &Path, output: &Path) -> Result<(), CompileError> {
    limit(Resource::As, ADDRESS_SPACE)?;
    // The parent enforces the time limit; this one applies if the parent has died.
    limit(Resource::Cpu, 600)?;
    limit(Resource::Core, 0)?;
    let engine = crate::engine::compiler().map_err(|error| CompileError::Process(format!("{error:#}")))?;
    let wasm = std::fs::read(input)?;
    let mut bytes = Vec::new();
    match compile(&engine, &wasm) {
        Ok(artifact) => {
            bytes.push(COMPILED);
            bytes.extend_from_slice(&compatibility(&engine));
            bytes.extend_from_slice(&artifact.encode());
        }
        Err(error) => {
            bytes.push(INVALID);
            let reason = if let CompileError::Invalid(reason) = error { reason } else { error.to_string() };
            bytes.extend_from_slice(reason.as_bytes());
        }
    }
    std::fs::write(output, bytes)?;
    Ok(())
}

fn limit(resource: Resource, value: u64) -> Result<(), CompileError> {
    setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
        .map_err(|error| CompileError::Io(error.into()))
}

/// Compiles the bytes with `program`. `folder` must be private, because the output is native code.
pub(super) async fn compile_in_child(
    program: &Path,
    folder: &Path,
    engine: &Engine,
    wasm: &[u8],
    timeout: Duration,
) -> Result<Artifact, CompileError> {
    let exchange = tempfile::Builder::new().prefix("compile-").tempdir_in(folder)?;
    let (input, output) = (exchange.path().join("in.wasm"), exchange.path().join("out"));
    std::fs::write(&input, wasm)?;
    let child = tokio::process::Command::new(program)
        .arg("compile-component")
        .args([&input, &output])
        // The host's environment may contain secrets, and the compiler needs none of it.
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| CompileError::Process(format!("cannot start {}: {error}", program.display())))?;
    let ended = tokio::time::timeout(timeout, child.wait_with_output())
        .await
        .map_err(|_| CompileError::TimedOut(timeout))??;
    if !ended.status.success() {
        let stderr = String::from_utf8_lossy(&ended.stderr);
        return Err(CompileError::Process(format!("{}: {}", ended.status, stderr.trim())));
    }
    read(&std::fs::read(&output)?, engine)
}

fn read(bytes: &[u8], engine: &Engine) -> Result<Artifact, CompileError> {
    match bytes.split_first() {
        Some((&COMPILED, rest)) => match rest.split_first_chunk::<32>() {
            Some((theirs, artifact)) if *theirs == compatibility(engine) => {
                Artifact::decode(artifact).ok_or(CompileError::ForeignCompiler)
            }
            _ => Err(CompileError::ForeignCompiler),
        },
        Some((&INVALID, reason)) => Err(CompileError::Invalid(String::from_utf8_lossy(reason).into_owned())),
        _ => Err(CompileError::Process("it produced no output".to_owned())),
    }
}
