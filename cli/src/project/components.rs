//! Builds a project's components.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use serde_json::Value;
use tokio::process::Command;

use super::modules::merge;
use crate::{config::ProjectConfig, environment};

/// The target that handlers are built for.
const TARGET: &str = "wasm32-wasip2";

/// A component that was built, or an existing file.
#[derive(Debug, Clone)]
pub(crate) struct BuiltComponent {
    pub(crate) path: PathBuf,
    /// What is published and run: the file's content, with one core module instead of several.
    pub(crate) wasm: Bytes,
}

impl BuiltComponent {
    /// The name of its file without `.wasm`.
    pub(crate) fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Builds the project's components. Cargo prints its progress on standard error.
pub(crate) async fn build(project: &ProjectConfig) -> Result<Vec<BuiltComponent>> {
    let mut files = Vec::new();
    for component in &project.config.project.components {
        let path = project.path(component);
        if path.is_dir() {
            files.extend(build_package(&path, &project.config.project.build_environment).await?);
        } else {
            files.push(path);
        }
    }
    let mut built = Vec::new();
    for path in files {
        let wasm = fs::read(&path).with_context(|| format!("reading the component {}", path.display()))?;
        let wasm = if project.config.project.merge_modules { merge(&path, wasm).await? } else { wasm };
        built.push(BuiltComponent { path, wasm: wasm.into() });
    }
    Ok(built)
}

async fn build_package(folder: &Path, named: &[String]) -> Result<Vec<PathBuf>> {
    let manifest = folder.join("Cargo.toml");
    if !manifest.is_file() {
        bail!(
            "{} is not a Cargo package; name packages and .wasm files in `components` under [project] of tasker.toml",
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
        .env_clear()
        .envs(environment::for_builds(named))
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
        bail!("{} builds no component; give it `crate-type = [\"cdylib\"]` under [lib]", manifest.display());
    }
    Ok(artifacts)
}

async fn has_target() -> bool {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output().await;
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).exists())
}
