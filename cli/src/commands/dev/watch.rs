//! Notices that a project's files have changed, by reading their times: this works on every file system, also in containers.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::config::{Project, ProjectConfig};

/// How often the files' times are read.
const INTERVAL: Duration = Duration::from_millis(700);
/// Folders that builds write to, or that hold nothing of the project.
const IGNORED: &[&str] = &["target", "node_modules", ".tasker", ".git"];
/// The extensions of files that handlers, templates, triggers and configuration are made of.
const WATCHED: &[&str] = &["rs", "toml", "yaml", "yml", "json", "wasm", "wit"];

/// Returns when a file of the project has changed since `seen`, and updates `seen`.
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

/// When each file was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot(Vec<(PathBuf, SystemTime)>);

impl Snapshot {
    /// The files of a project as they are.
    pub(crate) fn of(project: &ProjectConfig) -> Self {
        let mut files = Vec::new();
        let components = project.config.project.components.iter();
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
            if !IGNORED.iter().any(|ignored| entry.file_name() == *ignored) {
                collect(&entry.path(), files);
            }
        }
    } else if path.extension().is_some_and(|extension| WATCHED.iter().any(|watched| extension == *watched))
        && let Ok(modified) = metadata.modified()
    {
        files.push((path.to_path_buf(), modified));
    }
}
