//! Builds a folder of handlers in TypeScript or JavaScript, with the tools that the package `tasker-handler` brings.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::process::Command;

use super::{
    installed::{Installed, digest},
    shown::shown,
};
use crate::{config::Engine, environment};

/// The first version of Node that the tools run on.
const NODE: u32 = 20;

/// The script of the SDK that bundles the handlers and makes a component of them.
const BUILD: &str = "node_modules/tasker-handler/tools/main.js";

/// Builds the package in a folder into a file in `output`.
pub(super) async fn build(
    folder: &Path,
    engine: Engine,
    output: &Path,
    named: &[String],
) -> Result<Vec<PathBuf>> {
    let manifest = folder.join("package.json");
    let text = fs::read_to_string(&manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let package: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", manifest.display()))?;
    let name = package["name"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default();
    if name.is_empty() {
        bail!("{} has no `name`: the component is named after it", manifest.display());
    }
    check_node().await?;
    install(folder, &package, output, named).await?;
    let script = folder.join(BUILD);
    if !script.is_file() {
        bail!("{} does not depend on the SDK: npm install tasker-handler", manifest.display());
    }
    let file = output.join(format!("{name}.wasm"));
    let Engine::QuickJs = engine;
    let status =
        run(Command::new("node").arg(BUILD).args(["build", "--output"]).arg(&file), folder, named).await?;
    if !status.success() {
        bail!("{} did not build", shown(folder));
    }
    Ok(vec![file])
}

pub(super) async fn check_node() -> Result<()> {
    let install = format!("install Node {NODE} or later, which brings npm: https://nodejs.org");
    let output = Command::new("node").arg("--version").output().await.context(install.clone())?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE) {
        bail!("Node {version} is too old to build handlers: {install}");
    }
    Ok(())
}

/// Installs the packages of the lock file, unless they are those that were installed before.
async fn install(folder: &Path, package: &Value, output: &Path, named: &[String]) -> Result<()> {
    let (manifest, lock) = (folder.join("package.json"), folder.join("package-lock.json"));
    let mut files = vec![manifest.clone(), lock.clone()];
    // npm copies a folder, and the lock file does not say what is in it.
    if let Some(copied) =
        package["dependencies"]["tasker-handler"].as_str().and_then(|version| version.strip_prefix("file:"))
    {
        files.extend(files_of(&folder.join(copied)));
    }
    let installed = Installed::at(output.join("npm").join(digest(&[folder.as_os_str().as_encoded_bytes()])));
    let is_there = folder.join("node_modules").is_dir();
    if is_there && installed.is(&files) {
        return Ok(());
    }
    installed.forget();
    let has_lock = lock.is_file();
    let arguments: &[&str] = if has_lock { &["ci"] } else { &["install"] };
    eprintln!("{}: installing its packages: npm {}", shown(folder), arguments.join(" "));
    let mut npm = Command::new("npm");
    npm.args(arguments).args(["--no-audit", "--no-fund", "--loglevel=error"]);
    if !run(&mut npm, folder, named).await?.success() {
        bail!("the packages of {} could not be installed", shown(&manifest));
    }
    if !has_lock {
        eprintln!("{}: commit it, so that every build uses the same versions", shown(&lock));
    }
    installed.now(&files)
}

/// The files of a package that others depend on, sorted.
fn files_of(package: &Path) -> Vec<PathBuf> {
    let mut files = vec![package.join("package.json")];
    for folder in ["src", "tools"] {
        let entries = fs::read_dir(package.join(folder)).into_iter().flatten().flatten();
        files.extend(entries.map(|entry| entry.path()));
    }
    files.sort();
    files
}

async fn run(command: &mut Command, folder: &Path, named: &[String]) -> Result<ExitStatus> {
    let command = command.current_dir(folder).env_clear().envs(environment::for_builds(named));
    // Standard input and output are this program's: of its requests and results.
    let command = command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr()));
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.status().await.with_context(|| format!("running {program}"))
}
