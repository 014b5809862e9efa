//! The packages of the workspace, and which of them each depends on.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A package of the workspace.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, relative to the repository.
    pub folder: String,
    /// The first sentence of its own documentation.
    pub purpose: String,
    /// What it depends on, optional dependencies included, without what only its tests need.
    pub dependencies: Vec<String>,
}

/// The repository's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The packages of the workspace, by folder.
///
/// # Panics
/// If a manifest cannot be read.
pub fn packages() -> Vec<Package> {
    let manifest = read(&root().join("Cargo.toml"));
    let members = manifest["workspace"]["members"].as_array().expect("members");
    let mut packages: Vec<Package> =
        members.iter().map(|member| package(member.as_str().expect("a folder"))).collect();
    packages.sort_by(|left, right| left.folder.cmp(&right.folder));
    packages
}

fn read(path: &Path) -> toml::Table {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn package(folder: &str) -> Package {
    let path = root().join(folder);
    let manifest = read(&path.join("Cargo.toml"));
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let main =
        ["src/lib.rs", "src/main.rs"].map(|file| path.join(file)).into_iter().find(|file| file.exists());
    Package {
        name: manifest["package"]["name"].as_str().expect("a name").to_owned(),
        folder: folder.to_owned(),
        purpose: first_sentence(&main.expect("a crate has a root")),
        dependencies: dependencies.map_or(Vec::new(), |table| table.keys().cloned().collect()),
    }
}

/// The first sentence of a file's documentation.
///
/// # Panics
/// If the file has none.
pub fn first_sentence(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    assert!(!paragraph.is_empty(), "{} does not say what it is for", file.display());
    paragraph.split_once(". ").map_or(paragraph.clone(), |(first, _)| format!("{first}."))
}
