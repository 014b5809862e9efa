//! `tasker key`: creates, lists, rotates and revokes API keys, on a server or directly in its database.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{TimeDelta, Utc};
use tasker_api::{KeyRotation, Me};
use tasker_local_postgres::LocalPostgres;
use tasker_orchestrator::{
    Newer, Slice,
    access::{ApiKey, Caller, CreatedKey, Keys, NewKey},
};

use super::ending::Ending;
use crate::{
    client::{Client, segment, told},
    config::ProjectConfig,
    output::{Output, printable, table},
    parts,
};

/// How long a rotated key stays valid by default.
const OVERLAP: &str = "24h";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Use the database of the project directly. The first key is made so, and one when all are lost.
    #[arg(long, global = true)]
    database: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create a key and print it. It is not shown again.
    Create {
        /// Its name, which the audit shows.
        #[arg(long)]
        name: String,
        /// Its roles: viewer, auditor, submitter, operator, publisher, admin. May be given several times.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// A permission beside those of its roles: `tasks:read`, `tasks:*`, `tasks:read@shop`. May be given several times.
        #[arg(long = "permission", value_name = "PERMISSION")]
        permissions: Vec<String>,
        /// A namespace that it is limited to. May be given several times.
        #[arg(long = "namespace", value_name = "NAMESPACE")]
        namespaces: Vec<String>,
        /// When it expires: `12h`, `90d`; at most 366 days. Default: 90d.
        #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "no_expiry")]
        expires: Option<Duration>,
        /// It never expires.
        #[arg(long)]
        no_expiry: bool,
    },
    /// List the keys, newest first, without their secrets.
    List,
    /// Show a key without its secret.
    Show {
        /// The id of the key: the 8 characters after `tsk_`.
        key_id: String,
    },
    /// Create a successor with the same rights, and let the key expire after the overlap.
    Rotate {
        /// The id of the key.
        key_id: String,
        /// How long the key stays valid: `1h`, `7d`; at most 30 days.
        #[arg(long, value_name = "TIME", value_parser = duration, default_value = OVERLAP)]
        overlap: Duration,
    },
    /// Revoke a key for good.
    Revoke {
        /// The id of the key.
        key_id: String,
    },
    /// Show who this command is to the server, and what it may do.
    Me,
}

/// Reads `90d`, `12h`, `15m` or `30s`.
fn duration(text: &str) -> Result<Duration, String> {
    tasker_api::duration(text).ok_or_else(|| format!("`{text}` is no duration; write 90d, 12h, 15m or 30s"))
}

/// Where the keys are.
enum Store {
    Server(Client),
    Database(Keys),
}

impl Store {
    async fn open(project: &ProjectConfig, is_database: bool) -> Result<Self> {
        if !is_database {
            return Ok(Self::Server(Client::of(project)?));
        }
        let mut url = project.config.database.url.clone();
        if url.is_empty() {
            let running = LocalPostgres::url_of_running(&project.state_dir());
            url = running.context(
                "no database is configured, and no `tasker dev` runs in this project; set DATABASE_URL, or `url` under [database] of \
                 tasker.toml",
            )?;
        }
        let options = url.parse().context("`database.url` is not usable")?;
        Ok(Self::Database(Keys::new(parts::open_database(project, options, Newer::IsLeftAlone).await?)))
    }

    async fn create(&self, request: &NewKey) -> Result<CreatedKey> {
        match self {
            Self::Server(client) => client.post("/v1/keys", request).await?.map_err(told),
            Self::Database(keys) => Ok(keys.create(request, &Caller::local()).await?),
        }
    }

    async fn list(&self) -> Result<Vec<ApiKey>> {
        match self {
            Self::Server(client) => client.all("/v1/keys").await,
            Self::Database(keys) => Ok(keys.list(Slice::all()).await?),
        }
    }

    async fn show(&self, id: &str) -> Result<ApiKey> {
        match self {
            Self::Server(client) => client.get(&path(id)).await,
            Self::Database(keys) => Ok(keys.key(id).await?),
        }
    }

    async fn rotate(&self, id: &str, overlap: Duration) -> Result<CreatedKey> {
        match self {
            Self::Server(client) => {
                let rotation = KeyRotation { overlap_seconds: Some(overlap.as_secs()) };
                client.post(&format!("{}/rotate", path(id)), &rotation).await?.map_err(told)
            }
            Self::Database(keys) => Ok(keys.rotate(id, overlap, &Caller::local()).await?),
        }
    }

    async fn revoke(&self, id: &str) -> Result<ApiKey> {
        match self {
            Self::Server(client) => client.delete(&path(id)).await,
            Self::Database(keys) => Ok(keys.revoke(id).await?),
        }
    }
}

fn path(id: &str) -> String {
    format!("/v1/keys/{}", segment(id))
}

pub(crate) async fn run(project: &ProjectConfig, arguments: Arguments, output: &Output) -> Result<Ending> {
    let Arguments { database, command } = arguments;
    let store = Store::open(project, database).await?;
    match command {
        Command::Create { name, roles, permissions, namespaces, expires, no_expiry } => {
            let namespaces = (!namespaces.is_empty()).then_some(namespaces);
            let at = |time| {
                let time =
                    TimeDelta::from_std(time).ok().and_then(|time| Utc::now().checked_add_signed(time));
                time.context("--expires is too far away: at most 366 days are allowed")
            };
            let expires_at = expires.map(at).transpose()?;
            let request = NewKey { name, roles, permissions, namespaces, expires_at, no_expiry };
            tell_created(&store.create(&request).await?, output)?;
        }
        Command::Rotate { key_id, overlap } => {
            tell_created(&store.rotate(&key_id, overlap).await?, output)?;
        }
        Command::List => {
            let keys = store.list().await?;
            output.result(&keys, || rows(&keys))?;
        }
        Command::Show { key_id } => {
            let key = store.show(&key_id).await?;
            output.result(&key, || rows(std::slice::from_ref(&key)))?;
        }
        Command::Revoke { key_id } => {
            let key = store.revoke(&key_id).await?;
            output.result(&key, || format!("key {} ({}) is revoked", key.key_id, key.name))?;
        }
        Command::Me => {
            let me: Me = Client::of(project)?.get("/v1/me").await?;
            output.result(&me, || tell_me(&me))?;
        }
    }
    Ok(Ending::Done)
}

fn tell_created(created: &CreatedKey, output: &Output) -> Result<()> {
    output.result(created, || {
        let until = created.key.expires_at.map_or("for ever".to_owned(), |at| {
            format!("until {} UTC", at.format("%Y-%m-%d %H:%M"))
        });
        // Beside the result, so that a shell can take the key: `TASKER_API_KEY=$(tasker key create …)`.
        eprintln!(
            "This key ({}, valid {until}) is not shown again. Commands send it from the variable TASKER_API_KEY.",
            printable(&created.key.name)
        );
        created.secret.clone()
    })
}

fn tell_me(me: &Me) -> String {
    let kind = serde_json::to_value(me.principal.kind).unwrap_or_default();
    let mut lines = vec![format!("{} {}", kind.as_str().unwrap_or_default(), me.principal.name)];
    lines.extend(me.permissions.iter().map(|(permission, namespaces)| match namespaces {
        None => format!("  {permission}"),
        Some(names) => format!("  {permission} in {}", names.join(", ")),
    }));
    lines.join("\n")
}

fn rows(keys: &[ApiKey]) -> String {
    let time = |at: Option<chrono::DateTime<Utc>>, none: &str| {
        at.map_or(none.to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string())
    };
    let row = |key: &ApiKey| {
        let rights: Vec<&str> = key.roles.iter().chain(&key.permissions).map(String::as_str).collect();
        let state = match (key.revoked_at, key.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(at)) if at <= Utc::now() => "expired",
            _ => "valid",
        };
        vec![
            key.key_id.clone(),
            key.name.clone(),
            rights.join(" "),
            key.namespaces.as_ref().map_or("all".to_owned(), |names| names.join(" ")),
            state.to_owned(),
            time(key.expires_at, "never"),
            time(key.last_used_at, "never"),
        ]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    table(&["KEY", "NAME", "RIGHTS", "NAMESPACES", "STATE", "EXPIRES (UTC)", "LAST USED (UTC)"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(duration("12h"), Ok(Duration::from_secs(12 * 3600)));
        for wrong in ["", "d", "5", "5w", "-1d", "1.5h", "99999999999999999999d", "999999999999999999d", "é"]
        {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
