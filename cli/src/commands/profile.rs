//! `tasker profile`: the servers that this user works with.

use std::io::{IsTerminal, Read};

use anyhow::{Result, bail};
use serde_json::{Value, json};
use tasker_client::{Profile, Profiles};
use tasker_orchestrator::access::Sessions;

use super::ending::Ending;
use crate::{
    config::Server,
    output::{Output, table},
    profiles,
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the profiles.
    List,
    /// Add a profile, or replace it: a server, and the API key or token for it, read from standard input.
    Add {
        /// The name of the profile.
        name: String,
        /// Read an API key from standard input.
        #[arg(long, conflicts_with = "with_token")]
        with_key: bool,
        /// Read a token of the identity provider from standard input.
        #[arg(long)]
        with_token: bool,
    },
    /// Remove a profile.
    Remove {
        /// The name of the profile.
        name: String,
    },
}

/// Works on the profiles. `url` is that of `--server`.
pub(crate) fn run(command: Command, url: Option<String>, output: &Output) -> Result<Ending> {
    let mut known = Profiles::load()?;
    match command {
        Command::List => {
            let rows: Vec<_> = known.0.iter().map(|(name, profile)| row(name, profile)).collect();
            output.result(&rows, || {
                let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
                let row = |row: &Value| vec![text(row, "name"), text(row, "url"), text(row, "credentials")];
                table(&["NAME", "SERVER", "CREDENTIALS"], &rows.iter().map(row).collect::<Vec<_>>())
            })?;
        }
        Command::Add { name, with_key, with_token } => {
            let Some(url) = url else { bail!("name the server: `tasker profile add {name} --server URL`") };
            let mut server = Server { url, ..Server::default() };
            server.complete_url()?;
            let secret = if with_key || with_token { Some(secret(with_key)?) } else { None };
            let (api_key, token) = if with_key { (secret, None) } else { (None, secret) };
            let profile = Profile { url: server.url, api_key, token };
            let added = row(&name, &profile);
            known.0.insert(name.clone(), profile);
            profiles::store(&known)?;
            let file = Profiles::path()?;
            output.result(&added, || format!("added to {}; use it with --profile {name}", file.display()))?;
        }
        Command::Remove { name } => {
            known.get(&name)?;
            known.0.remove(&name);
            profiles::store(&known)?;
            output.result(&json!({ "removed": name }), || format!("removed {name}"))?;
        }
    }
    Ok(Ending::Done)
}

/// A profile without its secrets.
fn row(name: &str, profile: &Profile) -> Value {
    let credentials = match profile {
        Profile { api_key: Some(_), .. } => "API key",
        Profile { token: Some(token), .. } if Sessions::is_text(token) => "session",
        Profile { token: Some(_), .. } => "token",
        _ => "none",
    };
    json!({ "name": name, "url": profile.url, "credentials": credentials })
}

/// Reads a secret, which must not be in the shell's history or in the list of processes.
pub(crate) fn secret(is_key: bool) -> Result<String> {
    let what = if is_key { "API key" } else { "token" };
    if std::io::stdin().is_terminal() {
        eprintln!("Paste the {what}, and end with Ctrl-D:");
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let text = text.trim().to_owned();
    if text.is_empty() || text.contains(char::is_whitespace) {
        bail!("standard input holds no {what}");
    }
    if is_key && !text.starts_with("tsk_") {
        bail!("this is no API key: one begins with `tsk_`; for a token use --with-token");
    }
    Ok(text)
}
