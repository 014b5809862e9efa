//! Makes a component by a command of the project, in any language.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::environment;

/// Runs the command in the folder of the project. `file` must be there afterwards.
pub(super) async fn build(
    root: &Path,
    command: &str,
    file: PathBuf,
    named: &[String],
) -> Result<Vec<PathBuf>> {
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(root)
        .env_clear()
        .envs(environment::for_builds(named))
        // Standard input and output are this program's: of its requests and results.
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .await
        .with_context(|| format!("running `{command}`"))?;
    if !status.success() {
        bail!("`{command}`, the `build` of {}, failed: {status}", file.display());
    }
    if !file.is_file() {
        bail!("`{command}`, the `build` of {}, did not make this file", file.display());
    }
    Ok(vec![file])
}
