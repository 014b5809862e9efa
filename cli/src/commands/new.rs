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
    /// The language of the handlers.
    #[arg(long, value_enum, default_value_t)]
    language: Language,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    #[default]
    Rust,
    Python,
}

/// Files of a project, with placeholders `{{name}}` and `{{sdk}}`.
type Files = &'static [(&'static str, &'static str)];

/// The files of every project.
const FILES: Files = &[
    ("tasker.toml", include_str!("../../new-project/tasker.toml")),
    ("templates/greeting.yaml", include_str!("../../new-project/templates/greeting.yaml")),
];

const CARGO_TOML: &str = include_str!("../../new-project/Cargo.toml.txt");
const RUST: Files = &[
    ("Cargo.toml", CARGO_TOML),
    ("src/lib.rs", include_str!("../../new-project/src/lib.rs")),
    (".gitignore", include_str!("../../new-project/gitignore")),
    ("README.md", include_str!("../../new-project/README.md")),
];

const PYTHON: Files = &[
    ("pyproject.toml", include_str!("../../new-project/python/pyproject.toml")),
    ("handlers.py", include_str!("../../new-project/python/handlers.py")),
    ("tests/test_handlers.py", include_str!("../../new-project/python/tests/test_handlers.py")),
    (".gitignore", include_str!("../../new-project/python/gitignore")),
    ("README.md", include_str!("../../new-project/python/README.md")),
];

impl Language {
    fn files(self) -> Files {
        match self {
            Self::Rust => RUST,
            Self::Python => PYTHON,
        }
    }

    /// Returns the dependency on the SDK: the checkout that this command was built from, if it still exists.
    fn sdk(self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let (folder, checkout, published): (_, fn(String) -> String, _) = match self {
            Self::Rust => ("rust", |path| format!("{{ path = {path:?} }}"), format!("{version:?}")),
            Self::Python => ("python", |path| format!(" @ file://{path}"), format!("=={version}")),
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../handler-sdk").join(folder);
        path.canonicalize().map_or(published, |path| checkout(path.display().to_string()))
    }
}

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
    if arguments.language == Language::Rust && is_taken(name) {
        bail!("`{name}` is the name of a crate that the project uses, or of Rust's own: choose another name");
    }
    let is_content =
        |entry: std::io::Result<fs::DirEntry>| entry.is_ok_and(|entry| entry.file_name() != ".git");
    if folder.read_dir().is_ok_and(|mut entries| entries.any(is_content)) {
        bail!("{} already exists and is not empty", folder.display());
    }
    let sdk = arguments.language.sdk();
    let files = || FILES.iter().chain(arguments.language.files());
    for (path, content) in files() {
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
    let files: Vec<&str> = files().map(|(path, _)| *path).chain([SCHEMA]).collect();
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
    let (_, dependencies) = CARGO_TOML.split_once("[dependencies]\n").unwrap_or_default();
    let dependencies =
        dependencies.lines().map_while(|line| line.split_once(" = ")).map(|(name, _)| crate_name(name));
    dependencies.chain(RESERVED.map(str::to_owned)).any(|taken| taken == crate_name(name))
}
