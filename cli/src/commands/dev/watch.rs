//! Detects changed files of a project by their modification times, which works on every file system and in
//! containers.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::config::{Component, Project, ProjectConfig};

/// How often the modification times are read.
const INTERVAL: Duration = Duration::from_millis(700);
/// Folders that builds write to, or that contain no project files.
const IGNORED: &[&str] = &["target", "node_modules", ".venv", "__pycache__", ".tasker", ".git"];
/// The extensions of handlers, templates, triggers and configuration.
const WATCHED: &[&str] =
    &["rs", "py", "lock", "ts", "mts", "js", "mjs", "toml", "yaml", "yml", "json", "wasm", "wit"];

/// Waits until a file of the project has changed since `seen`, and updates `seen`.
pub(crate) async fn changed(project: &ProjectConfig, seen: &mut Snapshot) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let now = Snapshot::of(project);
        if now != *seen {
            *seen = now;
            return;
        }
    }
}

/// The modification time of each file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot(Vec<(PathBuf, SystemTime)>);

impl Snapshot {
    /// Reads the current files of a project.
    pub(crate) fn of(project: &ProjectConfig) -> Self {
        let mut files = Vec::new();
        let components = project.config.project.components.iter().flat_map(Component::watched);
        let Project { templates, triggers, .. } = &project.config.project;
        for root in components.chain([templates, triggers]) {
            collect(&project.path(root), &mut files);
        }
        files.sort();
        files.dedup();
        Self(files)
    }
}

fn collect(path: &Path, files: &mut Vec<(PathBuf, SystemTime)>) {
    let Ok(metadata) = fs::metadata(path) else { return };
    if metadata.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let is_ignored = IGNORED.iter().any(|ignored| entry.file_name() == *ignored);
            // A link to a folder may lead back here.
            let is_linked_folder =
                entry.file_type().is_ok_and(|kind| kind.is_symlink()) && entry.path().is_dir();
            if !is_ignored && !is_linked_folder {
                collect(&entry.path(), files);
            }
        }
    } else if path.extension().is_some_and(|extension| WATCHED.iter().any(|watched| extension == *watched))
        && let Ok(modified) = metadata.modified()
    {
        files.push((path.to_path_buf(), modified));
    }
}
