//! `tasker new`: creates a project that runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tasker_templates::template::template_schema;

use super::ending::Ending;
use crate::output::Output;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder to create. Its last part is the project's name.
    folder: PathBuf,
}

/// The files of a project, with placeholders `{{name}}` and `{{sdk}}`.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../new-project/Cargo.toml.txt")),
    ("tasker.toml", include_str!("../../new-project/tasker.toml")),
    ("src/lib.rs", include_str!("../../new-project/src/lib.rs")),
    ("templates/greeting.yaml", include_str!("../../new-project/templates/greeting.yaml")),
    (".gitignore", include_str!("../../new-project/gitignore")),
    ("README.md", include_str!("../../new-project/README.md")),
];

/// The JSON Schema of templates, for editors. Outside the folder of templates, where every file is a template.
const SCHEMA: &str = "template.schema.json";

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<Ending> {
    let folder = &arguments.folder;
    // `.` and `..` have no name of their own.
    let named = if folder.file_name().is_some() { folder.clone() } else { folder.canonicalize()? };
    let name = named.file_name().and_then(|name| name.to_str()).context("the folder's name is not usable")?;
    let usable = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if !name.chars().all(usable) || !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        bail!("`{name}` is not a valid project name: use letters, digits, - and _, starting with a letter");
    }
    if is_taken(name) {
        bail!("`{name}` is the name of a crate that the project uses, or of Rust's own: choose another name");
    }
    let is_content =
        |entry: std::io::Result<fs::DirEntry>| entry.is_ok_and(|entry| entry.file_name() != ".git");
    if folder.read_dir().is_ok_and(|mut entries| entries.any(is_content)) {
        bail!("{} already exists and is not empty", folder.display());
    }
    let sdk = sdk();
    for (path, content) in FILES {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
        }
        let content = content.replace("{{name}}", name).replace("{{sdk}}", &sdk);
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
    }
    let schema = folder.join(SCHEMA);
    fs::write(&schema, format!("{:#}\n", template_schema()))
        .with_context(|| format!("writing {}", schema.display()))?;
    let files: Vec<&str> = FILES.iter().map(|(path, _)| *path).chain([SCHEMA]).collect();
    output.result(&json!({ "folder": folder, "files": files }), || {
        format!(
            "created {}\n\n  cd {}\n  tasker task run greeting --input '{{\"name\": \"Ada\"}}' --local\n",
            folder.display(),
            folder.display()
        )
    })?;
    Ok(Ending::Done)
}

/// Whether a package of this name would not build: because a dependency has the same, or because Cargo reserves it.
fn is_taken(name: &str) -> bool {
    const RESERVED: [&str; 6] = ["alloc", "core", "proc_macro", "std", "test", "tasker_handler_macros"];
    let crate_name = |name: &str| name.replace('-', "_").to_ascii_lowercase();
    let (_, dependencies) = FILES[0].1.split_once("[dependencies]\n").unwrap_or_default();
    let dependencies =
        dependencies.lines().map_while(|line| line.split_once(" = ")).map(|(name, _)| crate_name(name));
    dependencies.chain(RESERVED.map(str::to_owned)).any(|taken| taken == crate_name(name))
}

/// Returns the dependency on the SDK: the checkout that this command was built from, if it still exists.
fn sdk() -> String {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../handler-sdk/rust");
    match checkout.canonicalize() {
        Ok(path) => format!("{{ path = {:?} }}", path.display().to_string()),
        Err(_) => format!("\"{}\"", env!("CARGO_PKG_VERSION")),
    }
}
