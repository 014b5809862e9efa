//! The on-disk cache of compiled components. An entry is native code that the host runs. Therefore only the
//! host's user can write the folder, every entry has a MAC under a key that only this user can read, and an
//! entry that fails a check is not loaded.
//!
//! The entry name contains the component's digest and the engine's compatibility hash, which covers the
//! wasmtime version and all code generation settings. After an upgrade, old entries are no longer looked up.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tasker_transport::hex;
use wasmtime::Engine;

use super::seal::{KEY_LENGTH, Seal, Verified, compatibility};
use crate::CacheError;

/// The cache of one host. Several processes may share the folder.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    seal: Seal,
    /// The engine's compatibility hash in entry names.
    compatibility: String,
}

impl Cache {
    /// Opens the folder. Creates it if it is missing.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> Result<Self, CacheError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io("create", folder))?;
        let metadata = fs::metadata(folder).map_err(io("inspect", folder))?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(CacheError::NotOurs { path: folder.to_owned() });
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(io("make private", folder))?;
        let compatibility = hex(&compatibility(engine));
        let seal = Seal::new(key(&folder.join("key"))?, &compatibility);
        Ok(Self { folder: folder.to_owned(), seal, compatibility })
    }

    #[cfg(feature = "compiler")]
    /// A private folder for temporary files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Locks a component against compilation by other processes until the result is dropped.
    pub(crate) fn lock(&self, digest: &str) -> Result<File, CacheError> {
        let path = self.folder.join(format!("{digest}.lock"));
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(io("open", &path))?;
        file.lock().map_err(io("lock", &path))?;
        Ok(file)
    }

    /// Reads the entry of a component. None if it is missing, damaged or from another host.
    pub(crate) fn read(&self, digest: &str) -> Option<Verified> {
        let path = self.path(digest);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a compiled component could not be read");
                return None;
            }
        };
        let verified = self.seal.open(digest, &bytes);
        if verified.is_none() {
            tracing::warn!(
                path = %path.display(),
                "a compiled component is damaged or from another host; compiling it again"
            );
        }
        verified
    }

    /// Writes an entry atomically: a reader sees the old entry or the new one.
    pub(crate) fn write(&self, digest: &str, verified: &Verified) -> Result<(), CacheError> {
        let path = self.path(digest);
        let bytes = self.seal.seal(digest, verified.artifact());
        let mut file =
            tempfile::NamedTempFile::new_in(&self.folder).map_err(io("create a file in", &self.folder))?;
        file.write_all(&bytes)
            .and_then(|()| file.persist(&path).map(drop).map_err(|error| error.error))
            .map_err(io("write", &path))
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{}.aot", &self.compatibility[..16]))
    }
}

/// The MAC key, generated on first use. Processes that start together end up with the same key.
fn key(path: &Path) -> Result<[u8; KEY_LENGTH], CacheError> {
    let mut key = [0; KEY_LENGTH];
    if let Ok(mut file) = File::open(path)
        && file.read_exact(&mut key).is_ok()
    {
        return Ok(key);
    }
    getrandom::fill(&mut key).map_err(CacheError::Random)?;
    let folder = path.parent().unwrap_or(path);
    // `NamedTempFile` creates files that only the owner can read.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io("create a file in", folder))?;
    file.write_all(&key).map_err(io("write", path))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(key),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            File::open(path).and_then(|mut file| file.read_exact(&mut key)).map_err(io("read", path))?;
            Ok(key)
        }
        Err(error) => Err(io("write", path)(error.error)),
    }
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> CacheError {
    let path = path.to_owned();
    move |source| CacheError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::artifact::Artifact;

    fn artifact() -> Verified {
        Verified::compiled_here(Artifact { core_instances: 3, code: b"native code".to_vec() })
    }

    fn cache(folder: &Path) -> Cache {
        Cache::open(folder, &crate::engine::compiler().unwrap()).unwrap()
    }

    #[test]
    fn an_entry_is_read_back_by_every_host_that_shares_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        cache(folder.path()).write("aa", &artifact()).unwrap();
        assert_eq!(cache(folder.path()).read("aa").unwrap().core_instances(), 3);
    }

    #[test]
    fn an_entry_is_refused_once_a_byte_of_it_changed_or_it_bears_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        cache.write("aa", &artifact()).unwrap();
        let sound = fs::read(cache.path("aa")).unwrap();
        for position in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[position] ^= 1;
            fs::write(cache.path("aa"), damaged).unwrap();
            assert!(cache.read("aa").is_none(), "byte {position} may be changed unnoticed");
        }
        fs::write(cache.path("aa"), &sound[..20]).unwrap();
        assert!(cache.read("aa").is_none());
        fs::write(cache.path("bb"), &sound).unwrap();
        assert!(cache.read("bb").is_none());
    }

    #[test]
    fn an_entry_of_another_key_is_refused() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (ours, theirs) = (cache(ours.path()), cache(theirs.path()));
        theirs.write("aa", &artifact()).unwrap();
        fs::copy(theirs.path("aa"), ours.path("aa")).unwrap();
        assert!(ours.read("aa").is_none());
    }

    #[test]
    fn the_folder_and_the_key_are_private() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("cache");
        cache(&folder);
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(folder.join("key")).unwrap().mode() & 0o077, 0);
    }
}
