//! Finding PostgreSQL's programs: an installed release, or one that is downloaded.

use std::{fs, path::PathBuf};

use crate::{
    download::{self, Download},
    error::Result,
    programs::{OLDEST, Owner, PROGRAMS, major_version},
};

/// The folder of programs for data of major version `made_by`, or for a new data folder: a suitable installed
/// one, else a downloaded one.
pub(crate) fn find_programs(made_by: Option<u32>, owner: Option<Owner>) -> Result<PathBuf> {
    let fits = |major: u32| made_by.is_none_or(|made_by| made_by == major);
    let mut unfit = None;
    for folder in installed() {
        match major_version(&folder, owner) {
            Ok(major) if major >= OLDEST && fits(major) => return Ok(folder),
            Ok(major) if major >= OLDEST => drop(unfit.get_or_insert(folder)),
            // Too old or broken.
            _ => {}
        }
    }
    match unfit {
        // The downloaded version does not fit either; the caller reports the mismatch.
        Some(folder) if !fits(download::MAJOR) => Ok(folder),
        _ => Download::from_environment(owner)?.programs(owner),
    }
}

/// Folders with installed programs: from PATH, then the folders of Debian, Red Hat, Homebrew and
/// Postgres.app.
fn installed() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versioned = [
        ("/usr/lib/postgresql", "bin"),
        ("/usr", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "bin"),
    ];
    for (parent, bin) in versioned {
        let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                let version = name.trim_start_matches("postgresql@").trim_start_matches("pgsql-");
                let major = version.split('.').next()?.parse().ok()?;
                Some((major, entry.path().join(bin)))
            })
            .collect();
        // Newest first.
        found.sort_by(|left, right| right.cmp(left));
        candidates.extend(found.into_iter().map(|(_, folder)| folder));
    }
    let complete = |folder: &PathBuf| PROGRAMS.iter().all(|program| folder.join(program).is_file());
    candidates.retain(complete);
    candidates
}
