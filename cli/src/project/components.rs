//! Builds a project's components, and reads them.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use bytes::Bytes;

use super::{build, modules::merge};
use crate::config::ProjectConfig;

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

/// Builds the project's components. Tools print their progress on standard error.
pub(crate) async fn build(project: &ProjectConfig) -> Result<Vec<BuiltComponent>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for component in &project.config.project.components {
        for file in build::build(project, component).await? {
            if files.contains(&file) {
                bail!(
                    "two components are built into {}: give their packages different names",
                    file.display()
                );
            }
            files.push(file);
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
