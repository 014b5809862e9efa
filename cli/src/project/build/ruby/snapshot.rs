//! Loads handlers in the interpreter, and takes what its memory and globals then are.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::{Map, json};

use super::{
    bindings::Bindings, gems::Gems, glue::WIDE_BYTES, interpreter::Interpreter, module::Snapshot,
    program::run,
};
use crate::project::build::shown::shown;

/// Where the interpreter finds its standard library. It resolves paths part by part, so a folder that is mapped has one part.
const LIBRARY: &str = "/library";

/// What is loaded.
#[derive(Debug)]
pub(super) struct Load<'a> {
    pub(super) folder: &'a Path,
    pub(super) gems: &'a Gems,
    pub(super) interpreter: &'a Interpreter,
    pub(super) bindings: &'a Bindings,
}

impl Load<'_> {
    /// Runs the linked interpreter until the handlers are loaded.
    pub(super) async fn run(&self, linked: &Path, named: &[String]) -> Result<Snapshot> {
        let place = tempfile::tempdir().context("creating a temporary folder")?;
        let path = |name: &str| place.path().join(name);
        let mut folders = Map::new();
        folders.insert("/app".to_owned(), json!(self.folder));
        folders.insert(LIBRARY.to_owned(), json!(self.interpreter.library()));
        folders.insert("/build".to_owned(), json!(place.path()));
        let mut load_path = vec!["/app".to_owned(), "/app/lib".to_owned()];
        for (number, gem) in self.gems.all().iter().enumerate() {
            folders.insert(format!("/gem{number}"), json!(gem.folder));
            load_path.extend(gem.require_paths.iter().map(|path| format!("/gem{number}/{path}")));
        }
        load_path.extend([LIBRARY.to_owned(), format!("{LIBRARY}/wasm32-wasi")]);
        write(&path("bindings.json"), self.bindings.description.as_bytes())?;
        let load_path = load_path.iter().map(|path| format!("'{path}'")).collect::<Vec<_>>().join(",");
        let code = format!(
            "begin\n\
             $LOAD_PATH.replace([{load_path}])\n\
             require 'tasker/component/start'\n\
             Tasker::Component.start('/app', File.read('/build/bindings.json'))\n\
             rescue Exception => error\n\
             $stderr.puts(error.full_message(highlight: false))\n\
             end\n"
        );
        let request = json!({
            "interpreter": linked,
            "folders": folders,
            "code": code,
            "stored_stack": WIDE_BYTES,
            "memory": path("memory"),
            "globals": path("globals.json"),
        });
        write(&path("request.json"), request.to_string().as_bytes())?;
        let mut tool = self.interpreter.tool("snapshot.mjs", named);
        run(tool.arg(path("request.json")), || format!("{} did not build", shown(self.folder))).await?;
        let memory = path("memory");
        let globals = path("globals.json");
        Ok(Snapshot {
            memory: fs::read(&memory).with_context(|| format!("reading {}", memory.display()))?,
            globals: serde_json::from_slice(&fs::read(&globals)?)
                .with_context(|| format!("reading {}", globals.display()))?,
        })
    }
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("writing {}", path.display()))
}
