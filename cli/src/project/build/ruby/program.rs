//! Runs the programs that a build needs.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

/// Runs a program that says what it does on standard error.
pub(super) async fn run(command: &mut Command, failed: impl FnOnce() -> String) -> Result<()> {
    // Standard output is for the results of this program.
    command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr()));
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    if !command.status().await.with_context(|| format!("running {program}"))?.success() {
        bail!(failed());
    }
    Ok(())
}
