//! Builds a folder of handlers in Ruby: the interpreter runs until the handlers are loaded, and its memory becomes the component.

mod bindings;
mod gems;
mod glue;
mod interpreter;
mod module;
mod program;
mod snapshot;

use std::{
    fs,
    path::{Path, PathBuf},
};

use self::{bindings::Bindings, gems::Gems, interpreter::Interpreter, snapshot::Load};
use super::{componentize::componentize, installed::digest, shown::shown};
use crate::config;
use anyhow::{Context, Result};

/// What a project has in its own folder beside its handlers.
const IGNORED: &[&str] =
    &["test", "spec", "templates", "triggers", "tasker.toml", "template.schema.json", "README.md"];

/// Builds the handlers in a folder into a file in `output`.
pub(super) async fn build(folder: &Path, output: &Path, named: &[String]) -> Result<Vec<PathBuf>> {
    let folder = &folder.canonicalize().with_context(|| format!("reading {}", folder.display()))?;
    let name = folder.file_name().context("a folder with handlers has a name")?.to_string_lossy();
    let file = output.join(format!("{name}.wasm"));
    let state = output.join("ruby");
    fs::create_dir_all(&state).with_context(|| format!("creating {}", state.display()))?;
    let gems = Gems::install(folder, &state, named).await?;
    let interpreter = Interpreter::install(&state, named).await?;
    let key = key(folder, &gems, &interpreter, output)?;
    let note = output.join(format!("{name}.wasm.key"));
    // The file may be another's by now.
    let is_same = |known: String| fs::read(&file).is_ok_and(|component| known == noted(&key, &component));
    if fs::read_to_string(&note).is_ok_and(is_same) {
        return Ok(vec![file]);
    }
    let _ = fs::remove_file(&note);
    eprintln!("{}: building its component", shown(folder));
    let bindings = Bindings::read()?;
    let linked = interpreter.linked(&bindings)?;
    let load = Load { folder, gems: &gems, interpreter: &interpreter, bindings: &bindings };
    let snapshot = load.run(&linked, named).await?;
    let component = tokio::task::spawn_blocking(move || {
        let module = fs::read(&linked).with_context(|| format!("reading {}", linked.display()))?;
        componentize(module::freeze(&module, &bindings, &snapshot)?)
    })
    .await??;
    fs::write(&file, &component).with_context(|| format!("writing {}", file.display()))?;
    fs::write(&note, noted(&key, &component)).with_context(|| format!("writing {}", note.display()))?;
    Ok(vec![file])
}

/// What is noted about a component: what it was made of, and what it is.
fn noted(key: &str, component: &[u8]) -> String {
    format!("{key} {}", digest(&[component]))
}

/// What a component is made of: when it is the same, nothing is built.
fn key(folder: &Path, gems: &Gems, interpreter: &Interpreter, output: &Path) -> Result<String> {
    let mut parts: Vec<Vec<u8>> = vec![env!("CARGO_PKG_VERSION").into(), interpreter.version().into()];
    read_handlers(folder, output, &mut parts)?;
    for gem in gems.changing() {
        read(&gem, &|_| true, &mut parts)?;
    }
    Ok(digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

/// Reads a folder of handlers, without what a project has beside them if it is a project's folder.
fn read_handlers(folder: &Path, output: &Path, parts: &mut Vec<Vec<u8>>) -> Result<()> {
    let is_project = folder.join(config::FILE).is_file();
    let is_own = |path: &Path| {
        path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            let is_ignored = name.starts_with('.') || (is_project && IGNORED.contains(&&*name));
            !is_ignored && path != output
        })
    };
    read(folder, &is_own, parts)
}

/// The names of the files in a folder, in order, and the digests of their contents. A link to nothing is no file, and one to
/// a folder that it is in leads to nothing new.
fn read(folder: &Path, wanted: &dyn Fn(&Path) -> bool, parts: &mut Vec<Vec<u8>>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths.iter().filter(|path| wanted(path)) {
        if path.is_dir() {
            let is_loop =
                path.is_symlink() && path.canonicalize().is_ok_and(|target| path.starts_with(target));
            if !is_loop {
                read(path, &|path| !path.ends_with(".tasker"), parts)?;
            }
        } else if path.is_file() {
            let content = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            parts.push(path.as_os_str().as_encoded_bytes().to_vec());
            parts.push(digest(&[content.as_slice()]).into_bytes());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn parts(folder: &Path) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        read_handlers(folder, &folder.join("build"), &mut parts).unwrap();
        parts
    }

    #[test]
    fn a_component_depends_on_all_files_but_those_that_a_project_has_beside_its_handlers() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["lib", "templates", "build", ".tasker"] {
            fs::create_dir(path(name)).unwrap();
        }
        for name in ["handlers.rb", "lib/a.rb", "templates/letter.erb", "build/old.wasm", ".tasker/note"] {
            fs::write(path(name), "1").unwrap();
        }
        let canonical = folder.path().canonicalize().unwrap();
        symlink("nothing", path("lib/dangling")).unwrap();
        symlink(&canonical, path("lib/around")).unwrap();
        let before = parts(&canonical);
        assert_eq!(before.len(), 6);
        fs::write(path("templates/letter.erb"), "2").unwrap();
        assert_ne!(parts(&canonical), before);

        fs::write(path(config::FILE), "").unwrap();
        let before = parts(&canonical);
        assert_eq!(before.len(), 4);
        fs::write(path("templates/letter.erb"), "3").unwrap();
        assert_eq!(parts(&canonical), before);
        fs::write(path("lib/a.rb"), "2").unwrap();
        assert_ne!(parts(&canonical), before);
    }
}
