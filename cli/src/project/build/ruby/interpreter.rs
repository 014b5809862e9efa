//! The interpreter, its standard library, and the tools that run it in Node. They are in the project's state folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use tokio::process::Command;

use super::{bindings::Bindings, module, program::run};
use crate::{
    environment,
    project::build::{
        installed::{Installed, digest},
        node,
    },
};

/// The code that makes a component of the interpreter. When it changes, what it made before is of no use.
const CODE: [&str; 4] = [
    env!("CARGO_PKG_VERSION"),
    include_str!("bindings.rs"),
    include_str!("glue.rs"),
    include_str!("module.rs"),
];
const PACKAGE: &str = "node_modules/@ruby/4.0-wasm-wasi/dist";
/// The tools, and the packages with their digests, which npm compares.
const FILES: [(&str, &str); 5] = [
    ("package.json", include_str!("tools/package.json")),
    ("package-lock.json", include_str!("tools/package-lock.json")),
    ("interpreter.mjs", include_str!("tools/interpreter.mjs")),
    ("library.mjs", include_str!("tools/library.mjs")),
    ("snapshot.mjs", include_str!("tools/snapshot.mjs")),
];

/// An installed interpreter.
#[derive(Debug)]
pub(super) struct Interpreter {
    folder: PathBuf,
    version: String,
}

impl Interpreter {
    /// Installs it with npm, unless it is there.
    pub(super) async fn install(state: &Path, named: &[String]) -> Result<Self> {
        let parts: Vec<&[u8]> =
            CODE.into_iter().chain(FILES.map(|(_, text)| text)).map(str::as_bytes).collect();
        let interpreter = Self { folder: state.join("interpreter"), version: digest(&parts) };
        let folder = &interpreter.folder;
        let installed = Installed::at(folder.join("installed"));
        let files: Vec<PathBuf> = FILES.iter().map(|(name, _)| folder.join(name)).collect();
        node::check_node().await?;
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        for ((_, text), path) in FILES.iter().zip(&files) {
            if fs::read_to_string(path).is_ok_and(|known| known == *text) {
                continue;
            }
            fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
        }
        if installed.is(&files) {
            return Ok(interpreter);
        }
        installed.forget();
        eprintln!("installing Ruby's interpreter for WebAssembly: npm ci");
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
        run(npm.current_dir(folder).env_clear().envs(environment::for_builds(named)), || {
            "Ruby's interpreter could not be installed: is the registry of npm reachable?".to_owned()
        })
        .await?;
        let library = interpreter.library();
        let _ = fs::remove_dir_all(&library);
        fs::create_dir_all(&library).with_context(|| format!("creating {}", library.display()))?;
        let complete = folder.join(PACKAGE).join("ruby+stdlib.wasm");
        let mut tool = interpreter.tool("library.mjs", named);
        run(tool.arg(&complete).arg(&library), || "Ruby's standard library could not be read".to_owned())
            .await?;
        for unused in [complete, folder.join(PACKAGE).join("ruby.debug+stdlib.wasm")] {
            fs::remove_file(&unused).with_context(|| format!("removing {}", unused.display()))?;
        }
        installed.now(&files)?;
        Ok(interpreter)
    }

    /// One of the tools.
    pub(super) fn tool(&self, name: &str, named: &[String]) -> Command {
        let mut command = Command::new("node");
        command.arg("--no-warnings").arg(self.folder.join(name));
        command.env_clear().envs(environment::for_builds(named));
        command
    }

    /// The folder of the standard library.
    pub(super) fn library(&self) -> PathBuf {
        self.folder.join("library")
    }

    /// What a build depends on.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// The file of the interpreter that is linked for these bindings, which is kept.
    pub(super) fn linked(&self, bindings: &Bindings) -> Result<PathBuf> {
        let key = digest(&[self.version.as_bytes(), bindings.description.as_bytes()]);
        let file = self.folder.join(format!("linked-{key}.wasm"));
        if !file.is_file() {
            let ruby = self.folder.join(PACKAGE).join("ruby.wasm");
            let wasm = fs::read(&ruby).with_context(|| format!("reading {}", ruby.display()))?;
            let linked = module::link(&wasm, bindings)?;
            let part = file.with_extension("part");
            fs::write(&part, linked).with_context(|| format!("writing {}", part.display()))?;
            fs::rename(&part, &file).with_context(|| format!("writing {}", file.display()))?;
            self.remove_linked_except(&key);
        }
        Ok(file)
    }

    /// Removes what other versions have linked. It is large.
    fn remove_linked_except(&self, key: &str) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.strip_prefix("linked-").is_some_and(|rest| !rest.starts_with(key)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
