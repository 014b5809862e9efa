//! Builds a Cargo package as a component. Cargo prints its progress on standard error.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::process::Command;

use crate::environment;

/// The target that handlers are built for.
const TARGET: &str = "wasm32-wasip2";

/// Builds the package in a folder. `named` are the further variables of its environment.
pub(super) async fn build(folder: &Path, named: &[String]) -> Result<Vec<PathBuf>> {
    let manifest = folder.join("Cargo.toml");
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
        .env_clear()
        .envs(environment::for_builds(named))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("running cargo")?
        .wait_with_output()
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
        bail!("{} builds no component; give it `crate-type = [\"cdylib\"]` under [lib]", manifest.display());
    }
    Ok(artifacts)
}

/// Whether Rust can build for handlers.
pub(crate) async fn has_target() -> bool {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output().await;
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).exists())
}
