//! Downloads PostgreSQL's programs into a cache, for machines without an installed PostgreSQL.

use std::{
    env,
    fmt::Write,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use ureq::Agent;

use crate::{
    error::{Doing, Error, MIRROR, Result},
    programs::{Owner, PROGRAMS, major_version, permit, reachable},
};

/// The major version to download.
pub(crate) const MAJOR: u32 = 17;
/// The release to download, in the publisher's numbering.
const VERSION: &str = "17.9.0";
/// The download URL. Each archive has a `.sha256` file beside it.
const RELEASES: &str = "https://github.com/theseus-rs/postgresql-binaries/releases/download";
/// The cache when running as root: the server's user cannot read root's home.
const SYSTEM_CACHE: &str = "/var/cache";
/// Our folder in the cache.
const FOLDER: &str = "tasker/postgresql";

/// The timeout for connecting and for the first byte of the response.
const PATIENCE: Duration = Duration::from_secs(30);
/// The timeout of the whole download.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(1800);
/// Upper limit on the archive size. The published archives have about 30 MB.
const MAX_ARCHIVE_BYTES: u64 = 500 << 20;
/// Upper limit on the size of a checksum file.
const MAX_CHECKSUM_BYTES: u64 = 64 << 10;

/// One download: the source URL, the archive and the target folder.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    /// The URL of the releases.
    releases: String,
    /// The cache folder, with one subfolder per version.
    cache: PathBuf,
    /// The name of the archive and of the one folder in it: version and platform.
    name: String,
}

impl Download {
    /// The download for this platform, from the publisher or from the mirror in [`MIRROR`].
    pub(crate) fn from_environment(owner: Option<Owner>) -> Result<Self> {
        let releases = variable(MIRROR).unwrap_or_else(|| RELEASES.to_owned());
        Self::new(&releases, cache_folder(owner)?)
    }

    fn new(releases: &str, cache: PathBuf) -> Result<Self> {
        let name = format!("postgresql-{VERSION}-{}", target()?);
        Ok(Self { releases: releases.trim_end_matches('/').to_owned(), cache, name })
    }

    /// The folder of the programs. Downloads them first if they are missing.
    pub(crate) fn programs(&self, owner: Option<Owner>) -> Result<PathBuf> {
        let programs = self.cache.join(&self.name).join("bin");
        let usable = || is_complete(&programs) && major_version(&programs, owner).is_ok();
        if usable() {
            return Ok(programs);
        }
        self.make_cache(owner)?;
        let _lock = self.lock()?;
        // Another process may have installed it while we waited.
        if !usable() {
            self.install(owner)?;
        }
        Ok(programs)
    }

    fn make_cache(&self, owner: Option<Owner>) -> Result<()> {
        let missing: Vec<&Path> = self.cache.ancestors().take_while(|folder| !folder.exists()).collect();
        fs::create_dir_all(&self.cache).doing(|| format!("making {}", self.cache.display()))?;
        if owner.is_some() {
            // The server's user must be able to traverse the folders, whatever root's umask.
            for folder in missing {
                permit(folder, 0o755)?;
            }
        }
        Ok(())
    }

    /// Serializes downloads across processes. The lock is released when its process exits.
    fn lock(&self) -> Result<File> {
        let path = self.cache.join("lock");
        let locking = || format!("locking {}", path.display());
        let file = File::create(&path).doing(locking)?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {
                eprintln!("another process is downloading PostgreSQL; waiting for it");
            }
            Err(TryLockError::Error(error)) => return Err(error).doing(locking),
        }
        file.lock().doing(locking)?;
        Ok(file)
    }

    /// Unpacks into a temporary folder and renames it last, so that an interrupted run leaves no half
    /// installation.
    fn install(&self, owner: Option<Owner>) -> Result<()> {
        let folder = self.cache.join(&self.name);
        eprintln!(
            "no suitable PostgreSQL is installed; downloading {} from {} to {}",
            self.name,
            self.releases,
            folder.display()
        );
        let archive = self.fetch()?;
        let partial = self.cache.join("partial");
        // Left by an interrupted run.
        remove(&partial)?;
        remove(&folder)?;
        fs::create_dir(&partial).doing(|| format!("making {}", partial.display()))?;
        permit(&partial, if owner.is_some() { 0o755 } else { 0o700 })?;
        let installed = self.unpack(&archive, &partial, owner).and_then(|unpacked| {
            fs::rename(&unpacked, &folder).doing(|| format!("moving it to {}", folder.display()))
        });
        remove(&partial)?;
        installed?;
        eprintln!(
            "PostgreSQL is in {} ({} MB, SHA-256 checked)",
            folder.display(),
            archive.len() / 1_000_000
        );
        Ok(())
    }

    /// Downloads the archive and verifies its published checksum.
    fn fetch(&self) -> Result<Vec<u8>> {
        let url = format!("{}/{VERSION}/{}.tar.gz", self.releases, self.name);
        let checksum_url = format!("{url}.sha256");
        let agent: Agent = Agent::config_builder()
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_global(Some(DOWNLOAD_TIMEOUT))
            .user_agent("tasker")
            .build()
            .into();
        let published = get(&agent, &checksum_url, MAX_CHECKSUM_BYTES)?;
        let Some(published) = checksum(&String::from_utf8_lossy(&published)) else {
            return Err(unavailable(format!("{checksum_url} contains no SHA-256")));
        };
        let archive = get(&agent, &url, MAX_ARCHIVE_BYTES)?;
        let actual = sha256(&archive);
        if actual == published {
            return Ok(archive);
        }
        Err(unavailable(format!(
            "{url} does not match its published checksum: its SHA-256 is {actual}, {checksum_url} states {published}"
        )))
    }

    /// Unpacks the archive and checks that its programs run. Returns the unpacked folder.
    fn unpack(&self, archive: &[u8], partial: &Path, owner: Option<Owner>) -> Result<PathBuf> {
        tar::Archive::new(GzDecoder::new(archive))
            .unpack(partial)
            .doing(|| format!("unpacking the archive of PostgreSQL into {}", partial.display()))?;
        let unpacked = partial.join(&self.name);
        let programs = unpacked.join("bin");
        if !is_complete(&programs) {
            let expected = PROGRAMS.map(|program| format!("{}/bin/{program}", self.name)).join(", ");
            return Err(unavailable(format!("the archive does not contain {expected}")));
        }
        match major_version(&programs, owner) {
            Ok(_) => Ok(unpacked),
            Err(error) => {
                Err(unavailable(format!("the downloaded programs do not run on this machine: {error}")))
            }
        }
    }
}

/// The cache folder: the user's own. For root, a system folder, because the server's user usually cannot read
/// root's home.
fn cache_folder(owner: Option<Owner>) -> Result<PathBuf> {
    let own = variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let own = own.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache")));
    let own = own.map(|caches| caches.join(FOLDER));
    match own {
        Some(own) if owner.is_none() || reachable(&own.join(VERSION)) => Ok(own),
        _ if owner.is_some() => Ok(Path::new(SYSTEM_CACHE).join(FOLDER)),
        _ => Err(unavailable("there is no cache folder: set XDG_CACHE_HOME or HOME".to_owned())),
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The platform, as the publisher names it.
fn target() -> Result<String> {
    let architecture = env::consts::ARCH;
    let system = match env::consts::OS {
        "linux" if cfg!(target_env = "musl") => "unknown-linux-musl",
        "linux" => "unknown-linux-gnu",
        "macos" => "apple-darwin",
        _ => "",
    };
    if system.is_empty() || !["x86_64", "aarch64"].contains(&architecture) {
        let machine = format!("{} on {architecture}", env::consts::OS);
        return Err(unavailable(format!("there is no download for {machine}")));
    }
    Ok(format!("{architecture}-{system}"))
}

fn is_complete(programs: &Path) -> bool {
    PROGRAMS.iter().all(|program| programs.join(program).is_file())
}

fn get(agent: &Agent, url: &str, limit: u64) -> Result<Vec<u8>> {
    let mut answer = agent.get(url).call().map_err(|error| unavailable(format!("{url}: {error}")))?;
    let body = answer.body_mut().with_config().limit(limit).read_to_vec();
    body.map_err(|error| unavailable(format!("{url}: {error}")))
}

fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Reads the checksum from a `.sha256` file: `<hash>` or `<hash>  <file name>`.
fn checksum(text: &str) -> Option<String> {
    let first = text.split_whitespace().next()?.to_ascii_lowercase();
    let valid = first.len() == 64 && first.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then_some(first)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).doing(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn unavailable(reason: String) -> Error {
    Error::Unavailable { reason }
}

#[cfg(test)]
mod tests;
