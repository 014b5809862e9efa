//! Downloading PostgreSQL's programs into a cache, for machines that have none.

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
    error::{Doing, Error, Result},
    programs::{Owner, PROGRAMS, major_version, permit, reachable},
};

/// The major version that is downloaded.
pub(crate) const MAJOR: u32 = 17;
/// The version that is downloaded, as its publisher counts.
const VERSION: &str = "17.9.0";
/// Where it is published, with a `.sha256` beside each archive.
const RELEASES: &str = "https://github.com/theseus-rs/postgresql-binaries/releases/download";
/// The environment variable that names another place with the same files.
pub(crate) const MIRROR: &str = "TASKER_POSTGRESQL_URL";
/// Where root keeps programs that the server's user cannot get to in root's own home.
const SYSTEM_CACHE: &str = "/var/cache";
/// Our folder among the caches.
const FOLDER: &str = "tasker/postgresql";

/// How long a server may take to take a connection, and to begin its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the whole download may take.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(1800);
/// More than any archive has; the published ones have about 30 MB.
const MAX_ARCHIVE_BYTES: u64 = 500 << 20;
/// More than any checksum file has.
const MAX_CHECKSUM_BYTES: u64 = 64 << 10;

/// What is downloaded, from where to where.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    /// The folder of all releases.
    releases: String,
    /// The folder that each version has its own in.
    cache: PathBuf,
    /// What the archive is called, and the one folder in it: version and machine.
    name: String,
}

impl Download {
    /// What this machine needs, from its publisher or the mirror that the environment names.
    pub(crate) fn from_environment(owner: Option<Owner>) -> Result<Self> {
        let releases = variable(MIRROR).unwrap_or_else(|| RELEASES.to_owned());
        Self::new(&releases, cache_folder(owner)?)
    }

    fn new(releases: &str, cache: PathBuf) -> Result<Self> {
        let name = format!("postgresql-{VERSION}-{}", target()?);
        Ok(Self { releases: releases.trim_end_matches('/').to_owned(), cache, name })
    }

    /// The folder of the programs, which are downloaded if they are not there.
    pub(crate) fn programs(&self, owner: Option<Owner>) -> Result<PathBuf> {
        let programs = self.cache.join(&self.name).join("bin");
        let usable = || is_complete(&programs) && major_version(&programs, owner).is_ok();
        if usable() {
            return Ok(programs);
        }
        self.make_cache(owner)?;
        let _lock = self.lock()?;
        // Another process may have done it while we waited.
        if !usable() {
            self.install(owner)?;
        }
        Ok(programs)
    }

    fn make_cache(&self, owner: Option<Owner>) -> Result<()> {
        let missing: Vec<&Path> = self.cache.ancestors().take_while(|folder| !folder.exists()).collect();
        fs::create_dir_all(&self.cache).doing(|| format!("making {}", self.cache.display()))?;
        if owner.is_some() {
            // Whatever root's own files are made with, the server's user must get through.
            for folder in missing {
                permit(folder, 0o755)?;
            }
        }
        Ok(())
    }

    /// One process at a time. The lock goes with the process that holds it.
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

    /// Everything happens in a folder that nobody looks into; the last step gives it the name that counts.
    fn install(&self, owner: Option<Owner>) -> Result<()> {
        let folder = self.cache.join(&self.name);
        eprintln!(
            "no PostgreSQL that fits is installed; downloading {} from {} to {}",
            self.name,
            self.releases,
            folder.display()
        );
        let archive = self.fetch()?;
        let partial = self.cache.join("partial");
        // What an interrupted run has left.
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

    /// The archive, checked against the published checksum.
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
            return Err(unavailable(format!("{checksum_url} holds no SHA-256")));
        };
        let archive = get(&agent, &url, MAX_ARCHIVE_BYTES)?;
        let actual = sha256(&archive);
        if actual == published {
            return Ok(archive);
        }
        Err(unavailable(format!(
            "{url} is not what was published: its SHA-256 is {actual}, and {checksum_url} says {published}"
        )))
    }

    /// Unpacks the archive and sees that its programs run. Answers the folder that has become of it.
    fn unpack(&self, archive: &[u8], partial: &Path, owner: Option<Owner>) -> Result<PathBuf> {
        tar::Archive::new(GzDecoder::new(archive))
            .unpack(partial)
            .doing(|| format!("unpacking the archive of PostgreSQL into {}", partial.display()))?;
        let unpacked = partial.join(&self.name);
        let programs = unpacked.join("bin");
        if !is_complete(&programs) {
            let expected = PROGRAMS.map(|program| format!("{}/bin/{program}", self.name)).join(", ");
            return Err(unavailable(format!("the archive does not hold {expected}")));
        }
        match major_version(&programs, owner) {
            Ok(_) => Ok(unpacked),
            Err(error) => {
                Err(unavailable(format!("what was downloaded does not run on this machine: {error}")))
            }
        }
    }
}

/// The folder of downloads: the user's own. Root's is closed to the server's user as a rule, and then it is the system's.
fn cache_folder(owner: Option<Owner>) -> Result<PathBuf> {
    let own = variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let own = own.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache")));
    let own = own.map(|caches| caches.join(FOLDER));
    match own {
        Some(own) if owner.is_none() || reachable(&own.join(VERSION)) => Ok(own),
        _ if owner.is_some() => Ok(Path::new(SYSTEM_CACHE).join(FOLDER)),
        _ => Err(unavailable("neither XDG_CACHE_HOME nor HOME says where to keep it".to_owned())),
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The machine, as the publisher calls it.
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

/// The checksum in a file of one: alone, or before the file's name.
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
