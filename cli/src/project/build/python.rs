//! Builds a folder of handlers in Python, with the tools that the package `tasker-handler` brings, in the folder's `.venv`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::process::Command;

use super::{
    installed::{Installed, digest},
    shown::shown,
};
use crate::environment;

/// The first version of Python that the tools run on.
const PYTHON: &str = "3.11";
/// Where an environment has its programs.
const PROGRAMS: &str = if cfg!(windows) { "Scripts" } else { "bin" };
/// Prints the version, if it is new enough and can create environments.
const CHECK: &str = "import sys, ensurepip, venv; assert sys.version_info >= (3, 11); print(sys.version)";
/// The distribution of the SDK, as pip compares names.
const SDK: &str = "tasker-handler";

/// What a build reads of `pyproject.toml`.
#[derive(Debug, Deserialize)]
struct Manifest {
    project: Package,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// Builds the package in a folder into a file in `output`.
pub(super) async fn build(folder: &Path, output: &Path, named: &[String]) -> Result<Vec<PathBuf>> {
    let manifest = folder.join("pyproject.toml");
    let text = fs::read_to_string(&manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let Manifest { project: package } = toml::from_str(&text)
        .with_context(|| format!("{} says too little about the package", shown(&manifest)))?;
    if !package.dependencies.iter().any(|dependency| is_sdk(dependency)) {
        bail!(
            "{} does not depend on the SDK: add \"{SDK}[build]\" to its `dependencies`",
            manifest.display()
        );
    }
    let python = Environment { folder, named };
    python.install(&package.dependencies, output).await?;
    let file = output.join(format!("{}.wasm", package.name));
    let mut command = python.command(&["-m", "tasker_handler.build", "--output"]);
    // Standard output is for the results of this program.
    let status = command.arg(&file).stdout(Stdio::from(std::io::stderr())).status().await;
    if !status.with_context(|| format!("running {}", python.program().display()))?.success() {
        bail!("{} did not build", shown(folder));
    }
    Ok(vec![file])
}

fn is_sdk(dependency: &str) -> bool {
    let dependency = dependency.to_ascii_lowercase().replace(['_', '.'], "-");
    dependency
        .strip_prefix(SDK)
        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '-'))
}

/// The environment of a folder, with its packages.
struct Environment<'a> {
    folder: &'a Path,
    named: &'a [String],
}

impl Environment<'_> {
    fn program(&self) -> PathBuf {
        self.folder.join(".venv").join(PROGRAMS).join("python")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program());
        command
            .args(arguments)
            .current_dir(self.folder)
            .env_clear()
            .envs(environment::for_builds(self.named))
            .stdin(Stdio::null());
        command
    }

    /// Installs the packages of the lock file, unless they are those that were installed before. Without a lock file, installs
    /// what the dependencies ask for, and writes it.
    async fn install(&self, dependencies: &[String], output: &Path) -> Result<()> {
        let (manifest, lock) = (self.folder.join("pyproject.toml"), self.folder.join("requirements.lock"));
        let place = digest(&[self.folder.as_os_str().as_encoded_bytes()]);
        let installed = Installed::at(output.join("python").join(place));
        let files = [manifest, lock];
        let [manifest, lock] = &files;
        if self.program().exists() && installed.is(&files) {
            return Ok(());
        }
        // Packages that the files no longer name must not stay.
        installed.forget();
        self.create().await?;
        let has_lock = lock.is_file();
        let mut pip =
            self.command(&["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
        if has_lock {
            eprintln!(
                "{}: installing its packages: pip install --requirement requirements.lock",
                shown(self.folder)
            );
            pip.args(["--no-deps", "--requirement", "requirements.lock"]);
        } else {
            eprintln!(
                "{}: installing its packages: pip install {}",
                shown(self.folder),
                dependencies.join(" ")
            );
            pip.args(dependencies);
        }
        if !pip.stdout(Stdio::from(std::io::stderr())).status().await.context("running pip")?.success() {
            bail!("the packages of {} could not be installed", shown(manifest));
        }
        if has_lock {
            self.check(dependencies, lock).await?;
        } else {
            let frozen = self.output(&["-m", "pip", "--disable-pip-version-check", "freeze"]).await?;
            let frozen = String::from_utf8_lossy(&frozen.stdout).into_owned();
            // Comments about where a package was found are about this machine.
            let lines: Vec<&str> = frozen.lines().filter(|line| !line.starts_with('#')).collect();
            fs::write(lock, lines.join("\n") + "\n")
                .with_context(|| format!("writing {}", lock.display()))?;
            eprintln!("{}: commit it, so that every build uses the same versions", shown(lock));
        }
        installed.now(&files)
    }

    /// Creates the environment anew.
    async fn create(&self) -> Result<()> {
        let install =
            format!("install Python {PYTHON} or later with its module venv: https://www.python.org");
        for name in ["python3", "python"] {
            let mut check = Command::new(name);
            check.args(["-c", CHECK]).stdout(Stdio::null()).stderr(Stdio::null());
            if !check.status().await.is_ok_and(|status| status.success()) {
                continue;
            }
            eprintln!("{}: creating an environment: {name} -m venv --clear .venv", shown(self.folder));
            let mut create = Command::new(name);
            create.args(["-m", "venv", "--clear", ".venv"]).current_dir(self.folder);
            create
                .env_clear()
                .envs(environment::for_builds(self.named))
                .stdin(Stdio::null())
                .stdout(Stdio::from(std::io::stderr()));
            if create.status().await.with_context(|| format!("running {name}"))?.success() {
                return Ok(());
            }
            bail!("{} could not be created: {install}", self.folder.join(".venv").display());
        }
        bail!("there is no Python {PYTHON} to build {}: {install}", shown(self.folder))
    }

    /// Checks that what is installed is what the dependencies ask for.
    async fn check(&self, dependencies: &[String], lock: &Path) -> Result<()> {
        let mut arguments =
            vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--dry-run", "--no-index"];
        // What is named by its place has no version to compare, and pip would build it to learn its name.
        let by_version: Vec<&str> =
            dependencies.iter().map(String::as_str).filter(|dependency| !dependency.contains('@')).collect();
        if by_version.is_empty() {
            return Ok(());
        }
        arguments.extend(by_version);
        let checked = self.output(&arguments).await?;
        if checked.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        let reason = said.lines().rfind(|line| line.starts_with("ERROR")).unwrap_or(&said).trim();
        bail!(
            "{} is not what `dependencies` in pyproject.toml ask for: remove it, and build again to write it anew ({reason})",
            shown(lock)
        )
    }

    async fn output(&self, arguments: &[&str]) -> Result<Output> {
        let output = self.command(arguments).output().await;
        output.with_context(|| format!("running {}", self.program().display()))
    }
}
