//! What can go wrong with a private server.

use std::{io, path::PathBuf};

/// The crate's result.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// What can go wrong with a private server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL is not installed, and it could not be downloaded.
    #[error(
        "PostgreSQL is not installed (looked for initdb, postgres and pg_ctl of version 15 or later on PATH, in \
         /usr/lib/postgresql/*/bin and in Homebrew's folders), and it could not be downloaded: {reason}.\nInstall it by \
         hand:  apt-get install postgresql  |  dnf install postgresql-server  |  apk add postgresql  |  brew install \
         postgresql@17\nor set DATABASE_URL to a server of yours, or {} to where the download can be had.",
        crate::download::MIRROR
    )]
    Unavailable {
        /// Why it could not be downloaded.
        reason: String,
    },
    /// Root needs an ordinary user for the server.
    #[error(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as; use an ordinary \
         user, or set DATABASE_URL to a server of yours"
    )]
    NoUser,
    /// The data folder was made by another major version.
    #[error(
        "the database in {} was made by PostgreSQL {made_by}, and {} has {installed}.\nInstall PostgreSQL {made_by}, \
         or remove that folder to start with an empty database.", .data.display(), .programs.display()
    )]
    OtherVersion {
        /// The data folder.
        data: PathBuf,
        /// The major version that made it.
        made_by: String,
        /// Where the programs are.
        programs: PathBuf,
        /// Their major version.
        installed: u32,
    },
    /// A program of PostgreSQL failed.
    #[error("{what}:\n{log}")]
    Failed {
        /// What failed.
        what: String,
        /// The end of its log.
        log: String,
    },
    /// The system did not let us.
    #[error("{what}: {source}")]
    System {
        /// What we were doing.
        what: String,
        /// Why it did not work.
        source: io::Error,
    },
}

/// Says what was being done when the system did not let us.
pub trait Doing<T> {
    /// As an error of this crate.
    fn doing(self, what: impl FnOnce() -> String) -> std::result::Result<T, Error>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::System { what: what(), source })
    }
}
