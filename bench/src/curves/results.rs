//! The file of results: the figures of all measured curves, and what they were measured on.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::curve::{Bench, Point};
use crate::machine;

/// The version of PostgreSQL, and the settings that its speed depends on most.
const POSTGRESQL: &str = "SELECT format('%s, fsync %s, shared_buffers %s', current_setting('server_version'),
    current_setting('fsync'), current_setting('shared_buffers'))";

/// What a run measured, on what.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: String,
    pub(crate) fdatasync_ms: f64,
    pub(crate) tasker: String,
    pub(crate) postgresql: String,
    /// By the curve's name.
    pub(crate) curves: BTreeMap<String, Vec<Point>>,
}

impl Results {
    /// Describes machine, disk and versions; no curves yet.
    pub(crate) fn new(bench: &Bench) -> Result<Self> {
        let server = bench.start(&[])?;
        let postgresql = server.sql(&[POSTGRESQL])?;
        drop(server);
        let said = Command::new(&bench.program).arg("--version").output();
        let said = said.with_context(|| format!("running {}", bench.program.display()))?;
        let said = String::from_utf8_lossy(&said.stdout);
        Ok(Self {
            machine: machine::describe(),
            fdatasync_ms: machine::fdatasync_ms()?,
            tasker: said.trim().trim_start_matches("tasker ").to_owned(),
            postgresql,
            curves: BTreeMap::new(),
        })
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| {
            format!(
                "{} does not hold curves; `tasker-bench TASKER PROJECT FILE curves` makes it",
                path.display()
            )
        })
    }
}
