//! Profiles: servers with the keys to them, by name, in the user's own folder. `tasker profile` and `tasker login` write them.

use std::{
    collections::BTreeMap,
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    builder::ClientBuilder,
    client::Client,
    error::{Error, Result},
};

/// A server, and what requests to it say about who sends them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The URL of the API.
    pub url: String,
    /// An API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// A token of the identity provider, or a session of `tasker login`. It comes before the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Without the secrets.
impl fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Profile").field("url", &self.url).finish_non_exhaustive()
    }
}

/// All profiles of the user.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profiles(pub BTreeMap<String, Profile>);

impl Profiles {
    /// Where they are: `$XDG_CONFIG_HOME/tasker/profiles.toml`, or in `~/.config`. Fails if there is no home folder.
    pub fn path() -> Result<PathBuf> {
        let folder =
            |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let folder = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
        let folder = folder.ok_or_else(|| {
            Error::Invalid("neither HOME nor XDG_CONFIG_HOME names a folder for the profiles".to_owned())
        })?;
        Ok(folder.join("tasker/profiles.toml"))
    }

    /// Reads them. None if there is no file. Fails if it cannot be read, and says which line is wrong.
    pub fn load() -> Result<Self> {
        Self::read(&Self::path()?)
    }

    fn read(path: &Path) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                // The error as a whole shows the line, which may hold a secret.
                let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
                Error::Invalid(format!("reading {}, line {line}: {}", path.display(), error.message()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::Invalid(format!("reading {}: {error}", path.display()))),
        }
    }

    /// Returns a profile. Fails with the names that there are.
    pub fn get(&self, name: &str) -> Result<&Profile> {
        self.0.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            Error::Invalid(format!(
                "there is no profile `{name}` ({known}); `tasker profile add {name} --server URL` makes one"
            ))
        })
    }
}

impl Client {
    /// A client of the server of a profile, with its credentials. Fails if there is no such profile.
    pub fn profile(name: &str) -> Result<ClientBuilder> {
        let profiles = Profiles::load()?;
        let Profile { url, api_key, token } = profiles.get(name)?;
        let builder = Self::builder(url);
        Ok(match (token, api_key) {
            (Some(token), _) => builder.bearer(token),
            (None, Some(key)) => builder.api_key(key),
            (None, None) => builder,
        })
    }
}
