//! Detects changed files of a project by their modification times, which works on every file system and in
//! containers.

use std::{
    ffi::OsStr,
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
const WATCHED: &[&str] = &[
    "rs", "py", "lock", "ts", "mts", "js", "mjs", "go", "mod", "sum", "rb", "erb", "gemspec", "toml", "yaml",
    "yml", "json", "wasm", "wit",
];
/// Files that have no extension.
const WATCHED_NAMES: &[&str] = &["Gemfile"];

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
    } else if is_watched(path)
        && let Ok(modified) = metadata.modified()
    {
        files.push((path.to_path_buf(), modified));
    }
}

fn is_watched(file: &Path) -> bool {
    let is_one_of =
        |part: Option<&OsStr>, list: &[&str]| part.is_some_and(|part| list.iter().any(|one| part == *one));
    is_one_of(file.extension(), WATCHED) || is_one_of(file.file_name(), WATCHED_NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_every_language_are_watched() {
        let folder = tempfile::tempdir().unwrap();
        let watched = [
            // Rust, TypeScript, Python, Go and Ruby, and what is common to all.
            "src/lib.rs",
            "Cargo.toml",
            "Cargo.lock",
            "src/handlers.ts",
            "package.json",
            "handlers.py",
            "pyproject.toml",
            "requirements.lock",
            "handlers.go",
            "go.mod",
            "go.sum",
            "handlers.rb",
            "views/mail.erb",
            "own.gemspec",
            "Gemfile",
            "Gemfile.lock",
            "templates/greeting.yaml",
            "wit/own.wit",
        ];
        let others =
            ["README.md", "notes", "target/made.wasm", "node_modules/one/index.js", ".tasker/built.go"];
        for name in watched.iter().chain(&others) {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let mut files = Vec::new();
        collect(folder.path(), &mut files);
        let mut found: Vec<_> =
            files.iter().map(|(path, _)| path.strip_prefix(folder.path()).unwrap()).collect();
        let mut expected = watched.map(Path::new);
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
}
