//! Prometheus's tool that checks metrics and rules.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The path of `promtool`.
///
/// # Panics
/// If there is none.
pub fn promtool() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/promtool/promtool");
    let paths = env::var_os("PATH").unwrap_or_default();
    let mut known = env::split_paths(&paths).map(|folder| folder.join("promtool")).chain([own]);
    known.find(|path| path.is_file()).expect("there is no promtool: run `scripts/promtool.sh`")
}
