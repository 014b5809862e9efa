//! Finding PostgreSQL's programs, and the user to run them as.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

use crate::error::{Doing, Error, Result};

/// Users that PostgreSQL can run as when we are root, the best first.
const UNPRIVILEGED: &[&str] = &["postgres", "nobody"];

/// The user that the server runs as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    // Our own entry in /proc belongs to the user that we are; where there is no /proc, a new file does.
    let probe = fs::metadata("/proc/self").or_else(|_| {
        let path = std::env::temp_dir().join(format!("tasker-whoami-{}", std::process::id()));
        fs::write(&path, "")?;
        let metadata = fs::metadata(&path);
        let _ = fs::remove_file(&path);
        metadata
    });
    probe.is_ok_and(|metadata| metadata.uid() == 0)
}

/// The user to run the server as, when we are root.
pub(crate) fn find_owner() -> Result<Owner> {
    let users = fs::read_to_string("/etc/passwd").doing(|| "reading /etc/passwd".to_owned())?;
    let find = |wanted: &&str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            (name == *wanted).then_some(Owner { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
        })
    };
    UNPRIVILEGED.iter().find_map(find).ok_or(Error::NoUser)
}

/// Finds PostgreSQL's programs: on the path, then where Debian, Red Hat, Homebrew and Postgres.app put them.
pub(crate) fn find_programs() -> Result<PathBuf> {
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
        // The newest first.
        found.sort_by(|left, right| right.cmp(left));
        candidates.extend(found.into_iter().map(|(_, folder)| folder));
    }
    candidates
        .into_iter()
        .find(|folder| ["initdb", "postgres", "pg_ctl"].iter().all(|program| folder.join(program).is_file()))
        .ok_or(Error::NotInstalled)
}
