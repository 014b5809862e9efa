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
    #[arg(long, short, value_enum, default_value_t)]
    language: Language,
}

/// A language of new projects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    #[default]
    Rust,
    Typescript,
    Python,
    Go,
    Ruby,
}

type Files = &'static [(&'static str, &'static str)];

/// The files of every project, with the placeholder `{{name}}`.
const SHARED: Files = &[
    ("tasker.toml", include_str!("../../new-project/tasker.toml")),
    ("templates/greeting.yaml", include_str!("../../new-project/templates/greeting.yaml")),
];

/// The files of a project in Rust, with placeholders `{{name}}` and `{{sdk}}`.
const RUST: Files = &[
    ("Cargo.toml", include_str!("../../new-project/rust/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("../../new-project/rust/src/lib.rs")),
    (".gitignore", include_str!("../../new-project/rust/gitignore")),
    ("README.md", include_str!("../../new-project/rust/README.md")),
];

/// The files of a project in TypeScript, with placeholders `{{name}}` and `{{sdk}}`.
const TYPESCRIPT: Files = &[
    ("package.json", include_str!("../../new-project/typescript/package.json")),
    ("tsconfig.json", include_str!("../../new-project/typescript/tsconfig.json")),
    ("src/handlers.ts", include_str!("../../new-project/typescript/src/handlers.ts")),
    ("test/handlers.test.ts", include_str!("../../new-project/typescript/test/handlers.test.ts")),
    (".npmrc", include_str!("../../new-project/typescript/npmrc")),
    (".gitignore", include_str!("../../new-project/typescript/gitignore")),
    ("README.md", include_str!("../../new-project/typescript/README.md")),
];

/// The files of a project in Python, with placeholders `{{name}}` and `{{sdk}}`.
const PYTHON: Files = &[
    ("pyproject.toml", include_str!("../../new-project/python/pyproject.toml")),
    ("handlers.py", include_str!("../../new-project/python/handlers.py")),
    ("tests/test_handlers.py", include_str!("../../new-project/python/tests/test_handlers.py")),
    (".gitignore", include_str!("../../new-project/python/gitignore")),
    ("README.md", include_str!("../../new-project/python/README.md")),
];

/// The files of a project in Go, with placeholders `{{name}}` and `{{sdk}}`.
const GO: Files = &[
    ("go.mod", include_str!("../../new-project/go/go.mod.txt")),
    ("handlers.go", include_str!("../../new-project/go/handlers.go")),
    ("handlers_test.go", include_str!("../../new-project/go/handlers_test.go")),
    (".gitignore", include_str!("../../new-project/go/gitignore")),
    ("README.md", include_str!("../../new-project/go/README.md")),
];

/// Where a project in Go has the SDK if there is no checkout: a module of Go is source text.
const COPY: &str = "./sdk";

macro_rules! copied {
    ($($file:literal),*) => {
        &[$((concat!("sdk/", $file), include_str!(concat!("../../../handler-sdk/go/", $file)))),*]
    };
}

/// The SDK for Go, without its tests.
const COPIED: Files = copied![
    "abi_wasip1.go",
    "adapter_wasip1.go",
    "batch.go",
    "component_wasip1.go",
    "context.go",
    "doc.go",
    "failure.go",
    "go.mod",
    "handle.go",
    "host.go",
    "http.go",
    "http_wasip1.go",
    "json.go",
    "key_value.go",
    "keys.go",
    "log_wasip1.go",
    "outcome.go",
    "schema.go",
    "services_wasip1.go",
    "store_wasip1.go",
    "taskertest/taskertest.go"
];

/// The files of a project in Ruby, with placeholders `{{name}}` and `{{sdk}}`.
const RUBY: Files = &[
    ("Gemfile", include_str!("../../new-project/ruby/Gemfile")),
    ("handlers.rb", include_str!("../../new-project/ruby/handlers.rb")),
    ("test/handlers_test.rb", include_str!("../../new-project/ruby/test/handlers_test.rb")),
    (".gitignore", include_str!("../../new-project/ruby/gitignore")),
    ("README.md", include_str!("../../new-project/ruby/README.md")),
];

impl Language {
    fn files(self) -> Files {
        match self {
            Self::Rust => RUST,
            Self::Typescript => TYPESCRIPT,
            Self::Python => PYTHON,
            Self::Go => GO,
            Self::Ruby => RUBY,
        }
    }

    /// What the project's package depends on as the SDK: its folder in `sdks`, if that exists, else this version.
    fn sdk(self, sdks: &Path) -> String {
        let folder = match self {
            Self::Rust => "rust",
            Self::Typescript => "typescript",
            Self::Python => "python",
            Self::Go => "go",
            Self::Ruby => "ruby",
        };
        let path = sdks.join(folder).canonicalize().map(|path| path.display().to_string());
        match (self, path) {
            (Self::Rust, Ok(path)) => format!("{{ path = {path:?} }}"),
            (Self::Rust, Err(_)) => format!("\"{}\"", env!("CARGO_PKG_VERSION")),
            (Self::Typescript, Ok(path)) => format!("file:{}", path.escape_debug()),
            (Self::Typescript, Err(_)) => env!("CARGO_PKG_VERSION").to_owned(),
            (Self::Python, Ok(path)) => format!(" @ file://{}", path.escape_debug()),
            (Self::Python, Err(_)) => format!("=={}", env!("CARGO_PKG_VERSION")),
            (Self::Go, Ok(path)) => format!("{path:?}"),
            (Self::Go, Err(_)) => COPY.to_owned(),
            (Self::Ruby, Ok(path)) => format!(", path: {path:?}"),
            (Self::Ruby, Err(_)) => format!(", \"{}\"", env!("CARGO_PKG_VERSION")),
        }
    }
}

/// The JSON Schema of templates, for editors. Outside the folder of templates, where every file is a template.
const SCHEMA: &str = "template.schema.json";

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<Ending> {
    // Those of the checkout that this command was built from, if it still exists.
    let sdks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../handler-sdk");
    let files = create(arguments, &sdks)?;
    let folder = &arguments.folder;
    output.result(&json!({ "folder": folder, "files": files }), || {
        format!(
            "created {}\n\n  cd {}\n  tasker task run greeting --input '{{\"name\": \"Ada\"}}' --local\n",
            folder.display(),
            folder.display()
        )
    })?;
    Ok(Ending::Done)
}

/// Creates the files of a project, and returns their paths in it. `sdks` has a folder with the SDK of each language.
fn create(arguments: &Arguments, sdks: &Path) -> Result<Vec<&'static str>> {
    let folder = &arguments.folder;
    // `.` and `..` have no name of their own.
    let named = if folder.file_name().is_some() { folder.clone() } else { folder.canonicalize()? };
    let name = named.file_name().and_then(|name| name.to_str()).context("the folder's name is not usable")?;
    let usable = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if !name.chars().all(usable) || !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        bail!("`{name}` is not a valid project name: use letters, digits, - and _, starting with a letter");
    }
    let language = arguments.language;
    if language == Language::Rust && is_taken(name) {
        bail!("`{name}` is the name of a crate that the project uses, or of Rust's own: choose another name");
    }
    let is_content =
        |entry: std::io::Result<fs::DirEntry>| entry.is_ok_and(|entry| entry.file_name() != ".git");
    if folder.read_dir().is_ok_and(|mut entries| entries.any(is_content)) {
        bail!("{} already exists and is not empty", folder.display());
    }
    // npm refuses capitals.
    let package = if language == Language::Typescript { name.to_ascii_lowercase() } else { name.to_owned() };
    let sdk = language.sdk(sdks);
    let copied: Files = if sdk == COPY { COPIED } else { &[] };
    let files = || SHARED.iter().chain(language.files()).chain(copied);
    for (path, content) in files() {
        let content = content.replace("{{name}}", if *path == "package.json" { &package } else { name });
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
        }
        let content = content.replace("{{sdk}}", &sdk);
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
    }
    let schema = folder.join(SCHEMA);
    fs::write(&schema, format!("{:#}\n", template_schema()))
        .with_context(|| format!("writing {}", schema.display()))?;
    Ok(files().map(|(path, _)| *path).chain([SCHEMA]).collect())
}

/// Whether a package of this name would not build: because a dependency has the same, or because Cargo reserves it.
fn is_taken(name: &str) -> bool {
    const RESERVED: [&str; 6] = ["alloc", "core", "proc_macro", "std", "test", "tasker_handler_macros"];
    let crate_name = |name: &str| name.replace('-', "_").to_ascii_lowercase();
    let (_, dependencies) = RUST[0].1.split_once("[dependencies]\n").unwrap_or_default();
    let dependencies =
        dependencies.lines().map_while(|line| line.split_once(" = ")).map(|(name, _)| crate_name(name));
    dependencies.chain(RESERVED.map(str::to_owned)).any(|taken| taken == crate_name(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_project_in_go_without_a_checkout_has_a_copy_of_the_sdk() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("greeter");
        let arguments = Arguments { folder: project.clone(), language: Language::Go };
        let files = create(&arguments, &folder.path().join("nowhere")).unwrap();
        assert!(files.contains(&"sdk/go.mod"), "{files:?}");
        let manifest = fs::read_to_string(project.join("go.mod")).unwrap();
        assert!(manifest.ends_with("replace tasker-handler => ./sdk\n"), "{manifest}");
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../handler-sdk/go");
        let (mut copied, mut own) = (BTreeMap::new(), BTreeMap::new());
        sources(&project.join("sdk"), "", &mut copied);
        sources(&sdk, "", &mut own);
        assert_eq!(copied, own);
    }

    /// Adds what a module of Go has below a folder, without tests: paths in the module, with their content.
    fn sources(module: &Path, below: &str, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(module.join(below)).unwrap() {
            let entry = entry.unwrap();
            let path = Path::new(below).join(entry.file_name()).display().to_string();
            if entry.path().is_dir() {
                sources(module, &path, found);
            } else if path == "go.mod"
                || entry.path().extension().is_some_and(|extension| extension == "go")
                    && !path.ends_with("_test.go")
            {
                found.insert(path, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
}
