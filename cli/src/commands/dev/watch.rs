//! Detects changed files of a project by their modification times, which works on every file system and in
//! containers.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::config::{Project, ProjectConfig, Recipe};

/// How often the modification times are read.
const INTERVAL: Duration = Duration::from_millis(700);
/// Folders that builds write to, or that contain no project files.
const IGNORED: &[&str] = &["target", "node_modules", ".venv", "__pycache__", ".tasker", ".git"];
/// The extensions of handlers, templates, triggers and configuration. What a project's own command reads may have any other.
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
        let Project { components, templates, triggers, .. } = &project.config.project;
        for component in components {
            let is_any = matches!(component.recipe(&project.root), Ok(Recipe::Command(_)));
            let is_wanted: fn(&Path) -> bool = if is_any { is_lasting } else { is_watched };
            for root in component.watched() {
                collect(&project.path(root), is_wanted, &mut files);
            }
        }
        for root in [templates, triggers] {
            collect(&project.path(root), is_watched, &mut files);
        }
        files.sort();
        files.dedup();
        Self(files)
    }
}

fn collect(path: &Path, is_wanted: fn(&Path) -> bool, files: &mut Vec<(PathBuf, SystemTime)>) {
    let Ok(metadata) = fs::metadata(path) else { return };
    if metadata.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let is_ignored = IGNORED.iter().any(|ignored| entry.file_name() == *ignored);
            // A link to a folder may lead back here.
            let is_linked_folder =
                entry.file_type().is_ok_and(|kind| kind.is_symlink()) && entry.path().is_dir();
            if !is_ignored && !is_linked_folder {
                collect(&entry.path(), is_wanted, files);
            }
        }
    } else if is_wanted(path)
        && let Ok(modified) = metadata.modified()
    {
        files.push((path.to_path_buf(), modified));
    }
}

/// Whether a file is none that an editor removes again.
fn is_lasting(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.') && !name.ends_with('~')
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
        collect(folder.path(), is_watched, &mut files);
        let mut found: Vec<_> =
            files.iter().map(|(path, _)| path.strip_prefix(folder.path()).unwrap()).collect();
        let mut expected = watched.map(Path::new);
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_a_command_reads_may_be_any_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["handlers.c", "Makefile", ".handlers.c.swp", "handlers.c~"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let command = r#"{ path = "x.wasm", build = "make", watch = ["."] }"#;
        let manifest = format!("[project]\nname = \"system\"\ncomponents = [{command}]\n");
        fs::write(folder.path().join("tasker.toml"), manifest).unwrap();
        let project = ProjectConfig::of_server(folder.path(), None, None).unwrap();
        let Snapshot(files) = Snapshot::of(&project);
        let found: Vec<_> = files.iter().map(|(path, _)| path.file_name().unwrap()).collect();
        assert_eq!(found, ["Makefile", "handlers.c", "tasker.toml"]);
    }
}
