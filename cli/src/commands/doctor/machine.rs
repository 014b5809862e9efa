//! This machine: its disk, and the tools that builds need.

use std::path::Path;

use rustix::fs::statvfs;
use tokio::process::Command;

use super::finding::{Area, Finding};
use crate::{
    config::{Component, ProjectConfig},
    project::build::has_target,
};

/// Below this, writes may begin to fail soon.
const LITTLE_DISK: u64 = 1 << 30;
/// The files that a server may have open: its connections, those to the database, and files.
const FEW_FILES: u64 = 1024;

pub(super) async fn look(project: &ProjectConfig) -> Vec<Finding> {
    let mut area = Area::new("machine");
    disk(&mut area, &project.root);
    open_files(&mut area);
    let is_package = |component: &Component| project.path(component.path()).join("Cargo.toml").is_file();
    if project.config.project.components.iter().any(is_package) {
        rust(&mut area).await;
    }
    area.into_findings()
}

fn disk(area: &mut Area, folder: &Path) {
    let Ok(found) = statvfs(folder) else { return };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let said = format!("{:.1} GiB are free for {}", free as f64 / f64::from(1 << 30), folder.display());
    if free < LITTLE_DISK {
        area.error(
            said,
            "free some: PostgreSQL and the blob store stop accepting work when the disk is full",
        );
    } else {
        area.ok(said);
    }
}

fn open_files(area: &mut Area) {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if let Some(soft) = limit.current.filter(|soft| *soft < FEW_FILES) {
        area.warning(
            format!("a process may have {soft} files open"),
            format!("raise it to {FEW_FILES} or more, as by `ulimit -n {FEW_FILES}`: each connection to a server is one"),
        );
    }
}

async fn rust(area: &mut Area) {
    let output = Command::new("cargo").arg("--version").output().await;
    match output {
        Ok(output) if output.status.success() => {}
        _ => {
            area.error(
                "the project has components in Rust, and `cargo` does not run",
                "install Rust from https://rustup.rs, or `make setup` in a checkout of Tasker",
            );
            return;
        }
    }
    if has_target().await {
        area.ok("Rust and its target wasm32-wasip2 are installed");
    } else {
        area.error("Rust has no target wasm32-wasip2", "rustup target add wasm32-wasip2");
    }
}
