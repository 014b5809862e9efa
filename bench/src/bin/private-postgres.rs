//! Runs Tasker's private PostgreSQL for other systems, so that they use the same server with the same settings.
//!
//! `private-postgres FOLDER` prints the URL and stops the server when its standard input closes.
#![forbid(unsafe_code)]

use std::{io::Read, path::PathBuf};

use anyhow::{Context, Result};
use tasker_local_postgres::{Durability, LocalPostgres};

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("usage: private-postgres FOLDER")?;
    let server = LocalPostgres::start(&folder, Durability::Full)?;
    println!("{}", server.url());
    // Input only ends; what it contains does not matter.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    drop(server);
    Ok(())
}
