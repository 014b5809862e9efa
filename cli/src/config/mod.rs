//! The configuration: `tasker.toml`, overridden by environment variables. An unknown key is an error with its line.

pub(crate) mod check;
mod component;
pub(crate) mod keys;
mod section;
mod sections;
mod values;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tasker_client::{Profile, Profiles};
use toml::{Table, Value};

use crate::{
    auth::{Auth, Roles},
    credentials::Credentials,
    environment, profiles,
};

pub(crate) use component::{Component, Engine, Language, Recipe};
pub(crate) use section::section;
pub(crate) use sections::{
    Analytics, Blobs, Database, LogFormat, Mcp, Orchestrator, Project, Server, Telemetry, Worker,
};

/// The name of the file.
pub(crate) const FILE: &str = "tasker.toml";

/// The prefix of an environment variable that overrides a key: `TASKER__SERVER__LISTEN`.
const PREFIX: &str = "TASKER__";

/// The keys whose values are not shown.
const SECRETS: &[&str] = &["server.secret", "auth.oidc_client_secret"];

/// The whole configuration. [`keys`] says what each part is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) project: Project,
    pub(crate) handlers: BTreeMap<String, String>,
    pub(crate) server: Server,
    pub(crate) auth: Auth,
    pub(crate) auth_roles: Roles,
    pub(crate) mcp: Mcp,
    pub(crate) database: Database,
    pub(crate) orchestrator: Orchestrator,
    pub(crate) worker: Worker,
    pub(crate) blobs: Blobs,
    pub(crate) analytics: Analytics,
    pub(crate) telemetry: Telemetry,
}

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Default,
    File(PathBuf),
    Environment(String),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Environment(variable) => write!(formatter, "${variable}"),
        }
    }
}

/// A project: its folder, its configuration, and the source of each value.
#[derive(Debug, Clone)]
pub(crate) struct ProjectConfig {
    pub(crate) root: PathBuf,
    pub(crate) config: Config,
    /// Those of a profile.
    credentials: Option<Credentials>,
    sources: BTreeMap<String, Source>,
}

impl ProjectConfig {
    /// Reads the configuration of the project that contains this folder. Without a `tasker.toml` the defaults apply.
    fn load(start: &Path) -> Result<Self> {
        let (root, file, text) = find(start)?;
        Self::from_parts(root, file.as_deref(), &text, environment::utf8())
    }

    /// As [`Self::load`], for the server at a URL or that of a profile. Neither: the configured one.
    pub(crate) fn of_server(start: &Path, url: Option<String>, profile: Option<&str>) -> Result<Self> {
        let mut project = Self::load(start)?;
        if let Some(url) = url {
            project.config.server.url = url;
        }
        if let Some(name) = profile {
            project.use_profile(Profiles::load()?.get(name)?);
        }
        project.config.server.complete_url()?;
        if profile.is_none() {
            project.use_login();
        }
        Ok(project)
    }

    /// What requests say about who sends them. Those of a profile are for its server; the environment's may be for another one.
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        self.credentials.clone().or_else(Credentials::of_environment)
    }

    /// Sends requests to the server of a profile, with its credentials.
    fn use_profile(&mut self, profile: &Profile) {
        profile.url.clone_into(&mut self.config.server.url);
        self.credentials = profiles::credentials(profile);
    }

    /// Sends requests to the configured server with the login that is stored for exactly this server, unless the environment has
    /// credentials.
    fn use_login(&mut self) {
        if Credentials::of_environment().is_some() {
            return;
        }
        // Without a login, or with profiles that cannot be read, the server says what it needs.
        let Ok(known) = Profiles::load() else { return };
        let found = profiles::of_server(&known, &self.config.server.url());
        self.credentials = found.and_then(|(_, profile)| profiles::credentials(profile));
    }

    fn from_parts(
        root: PathBuf,
        file: Option<&Path>,
        text: &str,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self> {
        let name = file.map_or_else(|| FILE.to_owned(), |file| file.display().to_string());
        // Parsed separately first, because these errors show the line.
        toml::from_str::<Config>(text).with_context(|| format!("{name} is not usable"))?;
        let mut table: Table = toml::from_str(text).with_context(|| format!("{name} is not usable"))?;
        let mut sources = BTreeMap::new();
        let file = file.map_or_else(|| PathBuf::from(FILE), Path::to_path_buf);
        for (key, _) in flatten(&table) {
            sources.insert(key, Source::File(file.clone()));
        }
        for (variable, value) in variables.filter(|(variable, _)| variable.starts_with(PREFIX)) {
            let key = variable[PREFIX.len()..].to_lowercase().replace("__", ".");
            set(&mut table, &key, &value).with_context(|| format!("environment variable {variable}"))?;
            let mut alone = Table::new();
            set(&mut alone, &key, &value)?;
            Config::deserialize(alone)
                .with_context(|| format!("environment variable {variable} is not usable"))?;
            sources.insert(key, Source::Environment(variable));
        }
        let mut config = Config::deserialize(table)?;
        if config.database.url.is_empty()
            && let Ok(url) = std::env::var("DATABASE_URL")
        {
            config.database.url = url;
            sources.insert("database.url".into(), Source::Environment("DATABASE_URL".into()));
        }
        Ok(Self { root, config, credentials: None, sources })
    }

    /// Returns every key with its value and its source. Passwords are replaced.
    pub(crate) fn entries(&self) -> Result<Vec<(String, Value, Source)>> {
        let table = Table::try_from(&self.config)?;
        let entry = |(key, value): (String, Value)| {
            let value = match key.as_str() {
                "database.url" | "server.url" | "server.public_url" => redact(value),
                key if SECRETS.contains(&key) && value != Value::String(String::new()) => "***".into(),
                _ if has_credentials(&value) => redact(value),
                _ => value,
            };
            let source = self.source(&key);
            (key, value, source)
        };
        Ok(flatten(&table).into_iter().map(entry).collect())
    }

    /// Where the value of a key comes from.
    pub(crate) fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or(Source::Default)
    }

    /// Resolves a path of the configuration relative to the project's folder.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// Returns the folder for Tasker's own files in the project.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.root.join(".tasker")
    }
}

/// The folder of the project that contains this folder, its file, and what the file says. None: there is no file.
fn find(start: &Path) -> Result<(PathBuf, Option<PathBuf>, String)> {
    let start = start.canonicalize().with_context(|| format!("there is no folder {}", start.display()))?;
    let file = start.ancestors().map(|folder| folder.join(FILE)).find(|file| file.is_file());
    let root = file.as_ref().and_then(|file| file.parent()).unwrap_or(&start).to_path_buf();
    let text = match &file {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?,
        None => String::new(),
    };
    Ok((root, file, text))
}

/// Sets the key `a.b` of a table. A text that is not a TOML value is set as a string.
fn set(table: &mut Table, key: &str, text: &str) -> Result<()> {
    let Some((section, name)) = key.split_once('.') else {
        bail!("does not name a key: {PREFIX}<SECTION>__<KEY> is the format");
    };
    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(section) = section else { bail!("`{key}` is not in a section") };
    let parsed = toml::from_str::<Table>(&format!("value = {text}")).ok();
    let value = parsed.and_then(|mut table| table.remove("value"));
    section.insert(name.to_owned(), value.unwrap_or_else(|| Value::String(text.to_owned())));
    Ok(())
}

fn flatten(table: &Table) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (section, value) in table {
        match value {
            Value::Table(inner) => {
                flat.extend(inner.iter().map(|(key, value)| (format!("{section}.{key}"), value.clone())));
            }
            other => flat.push((section.clone(), other.clone())),
        }
    }
    flat
}

/// Whether a value is a URL with a password.
fn has_credentials(value: &Value) -> bool {
    value.as_str().and_then(|text| url::Url::parse(text).ok()).is_some_and(|url| url.password().is_some())
}

fn redact(value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    let Ok(mut url) = url::Url::parse(text) else {
        // Nobody knows what part of it is a secret.
        return if text.is_empty() { value } else { "***".into() };
    };
    let mut shown = text.clone();
    if url.password().is_some() {
        let _ = url.set_password(Some("***"));
        shown = url.to_string();
    }
    // PostgreSQL takes passwords from the query, too.
    let is_secret = |name: &str| name.to_ascii_lowercase().contains("password");
    if url.query_pairs().any(|(name, _)| is_secret(&name)) {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let mut query = url.query_pairs_mut();
        query.clear();
        for (name, value) in &pairs {
            query.append_pair(name, if is_secret(name) { "***" } else { value });
        }
        drop(query);
        shown = url.to_string();
    }
    Value::String(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<ProjectConfig> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ProjectConfig::from_parts(PathBuf::from("/project"), None, text, variables)
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error =
            format!("{:#}", load("[server]\n\nlisten = \"x\"\nlisten_on = \"y\"\n", &[]).unwrap_err());
        assert!(error.contains("line 4") && error.contains("listen_on"), "{error}");
    }

    #[test]
    fn the_environment_overrides_the_file_and_the_source_is_known() {
        let project =
            load("[worker]\nmax_concurrent = 5\n", &[("TASKER__WORKER__MAX_CONCURRENT", "7")]).unwrap();
        assert_eq!(project.config.worker.max_concurrent, 7);
        let entries = project.entries().unwrap();
        let (_, _, source) = entries.iter().find(|(key, ..)| key == "worker.max_concurrent").unwrap();
        assert_eq!(*source, Source::Environment("TASKER__WORKER__MAX_CONCURRENT".into()));
    }

    #[test]
    fn an_unknown_variable_is_refused_by_its_name() {
        let error = format!("{:#}", load("", &[("TASKER__WORKER__SPEED", "9")]).unwrap_err());
        assert!(error.contains("TASKER__WORKER__SPEED"), "{error}");
    }

    #[test]
    fn passwords_are_not_shown() {
        let text = "[database]\nurl = \"postgres://me:hidden@host/db?user=you&sslpassword=hidden&password=hidden\"\n[auth]\noidc_client_secret = \"hidden\"\n[server]\nsecret = \"hidden\"\n[telemetry]\notlp_endpoint = \"https://me:hidden@collector\"\n";
        let project = load(text, &[]).unwrap();
        let shown = format!("{:?}", project.entries().unwrap());
        assert!(!shown.contains("hidden") && shown.contains("***"), "{shown}");
    }
}
