//! Profiles: servers with the keys to them, by name, in the user's own folder.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::credentials::Credentials;

/// A server, and what requests to it say about who sends them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The URL of the API.
    pub(crate) url: String,
    /// An API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<String>,
    /// A token of the identity provider, or a session of `tasker login`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

impl Profile {
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        let token = self.token.clone().map(Credentials::Token);
        token.or_else(|| self.api_key.clone().map(Credentials::Key))
    }
}

/// Without the secrets.
impl std::fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Profile").field("url", &self.url).finish_non_exhaustive()
    }
}

/// All profiles.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Profiles(pub(crate) BTreeMap<String, Profile>);

/// Where the profiles are: `$XDG_CONFIG_HOME/tasker/profiles.toml`, or in `~/.config`.
///
/// # Errors
/// There is no home folder.
pub(crate) fn path() -> Result<PathBuf> {
    let folder = |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    let folder = folder.context("neither HOME nor XDG_CONFIG_HOME names a folder for the profiles")?;
    Ok(folder.join("tasker/profiles.toml"))
}

impl Profiles {
    /// Reads the profiles. None if there is no file.
    pub(crate) fn load() -> Result<Self> {
        let path = path()?;
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                // The error as a whole shows the line, which may hold a secret.
                let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
                anyhow!("reading {}, line {line}: {}", path.display(), error.message())
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Returns a profile.
    pub(crate) fn get(&self, name: &str) -> Result<&Profile> {
        self.0.get(name).with_context(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            format!(
                "there is no profile `{name}` ({known}); `tasker profile add {name} --server URL` makes one"
            )
        })
    }

    /// Returns the profile of a server, if there is one with credentials for it.
    pub(crate) fn of_server(&self, url: &str) -> Option<(&str, &Profile)> {
        let is_same = |profile: &Profile| profile.url.trim_end_matches('/') == url.trim_end_matches('/');
        let found = self.0.iter().find(|(_, profile)| is_same(profile) && profile.credentials().is_some());
        found.map(|(name, profile)| (name.as_str(), profile))
    }

    /// Stores the profiles, for this user's eyes only.
    pub(crate) fn store(&self) -> Result<()> {
        let path = path()?;
        write(&path, &toml::to_string(self)?).with_context(|| format!("writing {}", path.display()))
    }
}

/// Replaces a file as a whole.
fn write(path: &Path, text: &str) -> Result<()> {
    let Some(folder) = path.parent() else { bail!("it has no folder") };
    fs::create_dir_all(folder)?;
    // A temporary file is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
