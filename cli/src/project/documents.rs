//! Lists the YAML and JSON files of a project, and formats their paths for messages.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Returns the YAML and JSON files of a folder and of the folders in it, sorted by path. Leaves out hidden files, such as the
/// locks of editors, and does not follow links to folders, which may lead back.
pub(crate) fn documents(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    Ok(paths)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let reading = || format!("reading the folder {}", folder.display());
    for entry in fs::read_dir(folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().with_context(reading)?.is_dir() {
            collect(&path, paths)?;
        } else if path.is_file() && is_document(&path) {
            paths.push(path);
        }
    }
    Ok(())
}

fn is_document(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| ["yaml", "yml", "json"].contains(&extension.as_str()))
}

/// Formats a path for a message: relative to the current folder, if it is inside it.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let relative = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    relative.unwrap_or_else(|| path.to_path_buf()).display().to_string()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn documents_are_files_that_people_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("sub/deeper")).unwrap();
        fs::create_dir(at("folder.yaml")).unwrap();
        fs::create_dir(at(".hidden")).unwrap();
        for name in
            ["b.yml", "A.YAML", "sub/deeper/c.json", "._a.yaml", ".#a.yaml", ".hidden/d.yaml", "notes.txt"]
        {
            fs::write(at(name), "").unwrap();
        }
        symlink(".", at("loop")).unwrap();
        symlink("../b.yml", at("sub/linked.yaml")).unwrap();
        symlink("nowhere", at("dangling.yaml")).unwrap();
        let found = documents(folder.path()).unwrap();
        let found: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(found, ["A.YAML", "b.yml", "sub/deeper/c.json", "sub/linked.yaml"].map(Path::new));
    }
}
