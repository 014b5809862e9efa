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
    if file.is_file() && fs::read_to_string(&note).is_ok_and(|known| known == key) {
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
    fs::write(&file, component).with_context(|| format!("writing {}", file.display()))?;
    fs::write(&note, key).with_context(|| format!("writing {}", note.display()))?;
    Ok(vec![file])
}

/// What a component is made of: when it is the same, nothing is built.
fn key(folder: &Path, gems: &Gems, interpreter: &Interpreter, output: &Path) -> Result<String> {
    let mut parts: Vec<Vec<u8>> = vec![env!("CARGO_PKG_VERSION").into(), interpreter.version().into()];
    let is_own = |path: &Path| {
        path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            !name.starts_with('.') && !IGNORED.contains(&&*name) && path != output
        })
    };
    read(folder, &is_own, &mut parts)?;
    for gem in gems.changing() {
        read(&gem, &|_| true, &mut parts)?;
    }
    Ok(digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

/// The names and contents of the files in a folder, in the order of their names.
fn read(folder: &Path, wanted: &dyn Fn(&Path) -> bool, parts: &mut Vec<Vec<u8>>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths.iter().filter(|path| wanted(path)) {
        if path.is_dir() {
            read(path, &|path| !path.ends_with(".tasker"), parts)?;
        } else {
            parts.push(path.as_os_str().as_encoded_bytes().to_vec());
            parts.push(fs::read(path).with_context(|| format!("reading {}", path.display()))?);
        }
    }
    Ok(())
}
