//! The languages, and how their handlers are built.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;
use serde_json::Value;

/// A language of `languages.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    /// The name of its folder.
    pub(crate) name: String,
    /// Its name for people.
    pub(crate) title: String,
    /// The program that its builds need.
    pub(crate) needs: String,
    /// The folders with the sources of its handlers, for scenarios about stacks.
    #[serde(default)]
    sources: Vec<String>,
    /// How a stack names a place: `{file}` and `{line}`. None if errors carry no stack.
    frame: Option<String>,
}

/// The mark of the line that throws.
const MARK: &str = "conformance: thrown here";

/// The folder of the suite.
pub(crate) fn suite() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All languages.
pub(crate) fn languages() -> Vec<Language> {
    let text = fs::read_to_string(suite().join("languages.json")).expect("languages.json is there");
    serde_json::from_str(&text).expect("languages.json has its form")
}

impl Language {
    /// The folder of its handlers.
    pub(crate) fn folder(&self) -> PathBuf {
        suite().join(&self.name)
    }

    pub(crate) fn can_be_built(&self) -> bool {
        // npm comes with Node, of which older versions do not build handlers.
        let (program, arguments): (&str, &[&str]) = match self.needs.as_str() {
            "npm" => ("node", &["-e", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)"]),
            other => (other, &["--version"]),
        };
        let status =
            Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// Builds its handlers with `tasker build`, and merges their core modules as publishing does.
    pub(crate) fn build(&self) -> Vec<u8> {
        let tests = std::env::current_exe().expect("this program has a path");
        let tasker = tests.parent().and_then(Path::parent).expect("target/debug/deps").join("tasker");
        assert!(tasker.exists(), "{} is missing: cargo build --workspace --bin tasker", tasker.display());
        let output = Command::new(&tasker)
            .arg("--project")
            .arg(self.folder())
            .args(["--json", "build"])
            .stderr(Stdio::inherit())
            .output()
            .expect("tasker runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "the handlers in {} did not build: {said}", self.title);
        let handlers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("tasker prints JSON");
        let path = handlers[0]["path"].as_str().expect("a path");
        assert!(handlers.iter().all(|handler| handler["path"] == path), "there are several components");
        let built = fs::read(path).expect("the component is there");
        match tasker_merge_modules::merge(&built) {
            Ok(Some(merged)) => merged.wasm,
            Ok(None) => built,
            Err(refusal) => panic!("the core modules of {} are not merged: {refusal}", self.title),
        }
    }

    /// How a stack names the line that throws.
    pub(crate) fn frame(&self) -> Option<String> {
        let frame = self.frame.as_deref()?;
        let place =
            self.sources.iter().find_map(|folder| marked(&self.folder(), &self.folder().join(folder)));
        let (file, line) = place.unwrap_or_else(|| panic!("no line of {} is marked `{MARK}`", self.title));
        Some(frame.replace("{file}", &file).replace("{line}", &line.to_string()))
    }
}

/// The file below `folder`, relative to `root`, with the marked line, and the number of that line.
fn marked(root: &Path, folder: &Path) -> Option<(String, usize)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().find_map(|path| {
        if path.is_dir() {
            // Tools and what builds put out are no sources.
            let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            return if is_hidden { None } else { marked(root, &path) };
        }
        let text = fs::read_to_string(&path).ok()?;
        let line = text.lines().position(|line| line.contains(MARK))?;
        Some((path.strip_prefix(root).ok()?.display().to_string(), line + 1))
    })
}
