//! Errors of the private server.

use std::{io, path::PathBuf};

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// The environment variable with the URL of a mirror.
pub(crate) const MIRROR: &str = "TASKER_POSTGRESQL_URL";

/// Why a private server could not be started, used or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL is not installed and could not be downloaded.
    #[error(
        "PostgreSQL is not installed (looked for initdb, postgres and pg_ctl of version 15 or later on PATH, in \
         /usr/lib/postgresql/*/bin and in Homebrew's folders), and it could not be downloaded: {reason}.\nInstall it by \
         hand:  apt-get install postgresql  |  dnf install postgresql-server  |  apk add postgresql  |  brew install \
         postgresql@17\nor set DATABASE_URL to your own server, or {} to a mirror of the download.",
        MIRROR
    )]
    Unavailable {
        /// Why the download failed.
        reason: String,
    },
    /// Started as root, and there is no unprivileged user to run the server as.
    #[error(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as; use an ordinary \
         user, or set DATABASE_URL to your own server"
    )]
    NoUser,
    /// Another major version created the data folder.
    #[error(
        "the database in {} was made by PostgreSQL {made_by}, and {} has {installed}.\nInstall PostgreSQL {made_by}, \
         or remove that folder to start with an empty database.", .data.display(), .programs.display()
    )]
    OtherVersion {
        /// The data folder.
        data: PathBuf,
        /// The major version that created it.
        made_by: String,
        /// The folder of the installed programs.
        programs: PathBuf,
        /// The major version of the installed programs.
        installed: u32,
    },
    /// A PostgreSQL program failed.
    #[error("{what}:\n{log}")]
    Failed {
        /// What failed.
        what: String,
        /// The end of its log.
        log: String,
    },
    /// A system call failed.
    #[error("{what}: {source}")]
    System {
        /// What was being done.
        what: String,
        /// The system's error.
        source: io::Error,
    },
}

/// Adds what was being done to an I/O error.
pub trait Doing<T> {
    /// Converts the error to [`enum@Error`].
    fn doing(self, what: impl FnOnce() -> String) -> std::result::Result<T, Error>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::System { what: what(), source })
    }
}
