//! Stores the user's profiles, and finds them by their servers.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result, bail};
use tasker_client::{Profile, Profiles};

use crate::credentials::Credentials;

/// Returns what requests of a profile say about who sends them.
pub(crate) fn credentials(profile: &Profile) -> Option<Credentials> {
    let token = profile.token.clone().map(Credentials::Token);
    token.or_else(|| profile.api_key.clone().map(Credentials::Key))
}

/// Returns the profile of a server, if there is one with credentials for it.
pub(crate) fn of_server<'a>(profiles: &'a Profiles, url: &str) -> Option<(&'a str, &'a Profile)> {
    let is_same = |profile: &Profile| profile.url.trim_end_matches('/') == url.trim_end_matches('/');
    let mut known = profiles.0.iter();
    let found = known.find(|(_, profile)| is_same(profile) && credentials(profile).is_some());
    found.map(|(name, profile)| (name.as_str(), profile))
}

/// Stores the profiles, for this user's eyes only.
pub(crate) fn store(profiles: &Profiles) -> Result<()> {
    let path = Profiles::path()?;
    write(&path, &toml::to_string(profiles)?).with_context(|| format!("writing {}", path.display()))
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
