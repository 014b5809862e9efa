//! The configuration: `tasker.toml`, overridden by environment variables. Every key is documented here. An unknown
//! key is an error with its line.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tasker_assembly::timing;
use tasker_orchestrator::IntakeLimits;
use tasker_runtime_host::Ceilings;
use tasker_transport::BUCKET_BYTES;
use toml::{Table, Value};

use crate::{
    auth::{Auth, Roles},
    credentials::Credentials,
    environment,
    profiles::{Profile, Profiles},
};

/// The name of the file.
pub(crate) const FILE: &str = "tasker.toml";

/// The prefix of an environment variable that overrides a key: `TASKER__SERVER__LISTEN`.
const PREFIX: &str = "TASKER__";

/// The keys whose values are not shown.
const SECRETS: &[&str] = &["server.secret", "auth.oidc_client_secret"];

/// The whole configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) project: Project,
    /// Additional names of handlers: from the `callable` of a template to the handler, or to `COMPONENT/HANDLER`.
    pub(crate) handlers: BTreeMap<String, String>,
    pub(crate) server: Server,
    pub(crate) auth: Auth,
    pub(crate) auth_roles: Roles,
    pub(crate) mcp: Mcp,
    pub(crate) database: Database,
    pub(crate) orchestrator: Orchestrator,
    pub(crate) worker: Worker,
    pub(crate) blobs: Blobs,
    pub(crate) telemetry: Telemetry,
}

/// `[project]`: the parts of the project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Project {
    /// The name of the project.
    pub(crate) name: String,
    /// Folders of Cargo packages to build as components, and `.wasm` files to use as they are.
    pub(crate) components: Vec<PathBuf>,
    /// The names of further environment variables for builds, for example a registry's token. Build scripts of all
    /// dependencies can read them.
    pub(crate) build_environment: Vec<String>,
    /// Whether the core modules of a component are merged into one, which then starts several times faster. It concerns
    /// components that tools link from several, such as those of Python and JavaScript. Default: yes.
    pub(crate) merge_modules: bool,
    /// The folder of templates (`.yaml`, `.yml`, `.json`).
    pub(crate) templates: PathBuf,
    /// The folder of triggers, which start tasks from events. It may be missing.
    pub(crate) triggers: PathBuf,
}

impl Default for Project {
    fn default() -> Self {
        Self {
            name: "tasker".into(),
            components: vec![".".into()],
            build_environment: Vec::new(),
            merge_modules: true,
            templates: "templates".into(),
            triggers: "triggers".into(),
        }
    }
}

/// `[server]`: the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// The address that the API listens on. Beyond this machine it needs `auth`.
    pub(crate) listen: String,
    /// The URL of the API for commands, or `HOST:PORT` of this machine. Empty: derived from `listen`.
    pub(crate) url: String,
    /// The names, other than those of this machine, in requests to a server on loopback, as behind a proxy. Requests to
    /// all other names are refused, because web pages of other sites send them.
    pub(crate) hosts: Vec<String>,
    /// The URL that clients reach the server by, as behind a proxy: `https://tasker.example.com`. Logins come back to it, and with
    /// https:// the cookies of sessions are for TLS only. Empty: the address of a server on loopback.
    pub(crate) public_url: String,
    /// The proxies before the server, as addresses or networks: what they write into `X-Forwarded-For` names the client.
    pub(crate) trusted_proxies: Vec<String>,
    /// The origins of other sites' pages that may use the API, such as `https://app.example.com`.
    pub(crate) cors_origins: Vec<String>,
    /// How many requests each caller may send in a second. Further ones get 429. 0: any number.
    pub(crate) requests_per_second: u32,
    /// What seals the state of logins: at least 32 random characters, the same for all servers of a database. Empty: a random one
    /// in the database.
    pub(crate) secret: String,
    /// How many tasks of bulk operations each process works on in a second. 0: as many as it can.
    pub(crate) bulk_per_second: u32,
    /// The maximum size of all bodies of requests in memory, in bytes. Further requests get 503.
    pub(crate) max_bodies_bytes: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            url: String::new(),
            hosts: Vec::new(),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            requests_per_second: 0,
            secret: String::new(),
            bulk_per_second: 50,
            max_bodies_bytes: tasker_api::MAX_BODIES_BYTES,
        }
    }
}

impl Server {
    /// Completes `HOST:PORT` of this machine to a URL.
    ///
    /// # Errors
    /// What to write instead of anything else that is no URL.
    pub(crate) fn complete_url(&mut self) -> Result<()> {
        let url = &self.url;
        if url.is_empty() || url.starts_with("http://") || url.starts_with("https://") {
            return Ok(());
        }
        let local = ["localhost:", "127.0.0.1:", "[::1]:"].iter().any(|host| url.starts_with(host));
        if !local {
            bail!("`{url}` is not the URL of a server; write https://{url} or http://{url}");
        }
        self.url = format!("http://{url}");
        Ok(())
    }

    /// Returns the URL of the API for commands.
    pub(crate) fn url(&self) -> String {
        if self.url.is_empty() { format!("http://{}", self.listen) } else { self.url.clone() }
    }
}

/// `[mcp]`: the server for the Model Context Protocol, at `/mcp` of the API.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Mcp {
    /// Whether it offers tools that change something. Each asks for confirmation first.
    pub(crate) write: bool,
}

/// `[database]`: PostgreSQL 15 or later.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// `postgres://user:password@host/database`. Empty: `DATABASE_URL`, or a private server that `tasker dev` starts.
    pub(crate) url: String,
    /// The maximum number of connections per process.
    pub(crate) max_connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: String::new(), max_connections: 10 }
    }
}

/// `[orchestrator]`: the settings of the orchestrator.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Orchestrator {
    /// The environment whose overrides in templates apply.
    pub(crate) environment: String,
    /// How many batches of reports are applied at once.
    pub(crate) report_loops: usize,
    /// The interval of the sweep, in seconds.
    pub(crate) sweep_interval_seconds: u64,
    /// The networks that are not public and that webhooks may reach: addresses, or networks such as `10.1.0.0/16`. `tasker dev`
    /// allows this machine as well.
    pub(crate) webhook_networks: Vec<String>,
    /// The maximum number of tasks that wait to be created. Further requests get 503.
    pub(crate) max_waiting_creations: usize,
    /// The maximum size of their inputs together, in bytes.
    pub(crate) max_waiting_bytes: usize,
    /// If a creation has waited for this many seconds, further requests get 503.
    pub(crate) max_creation_wait_seconds: u64,
}

impl Default for Orchestrator {
    fn default() -> Self {
        let IntakeLimits { tasks, bytes, wait } = IntakeLimits::default();
        Self {
            environment: "development".into(),
            report_loops: 2,
            sweep_interval_seconds: 5,
            webhook_networks: Vec::new(),
            max_waiting_creations: tasks,
            max_waiting_bytes: bytes,
            max_creation_wait_seconds: wait.as_secs(),
        }
    }
}

/// `[worker]`: the settings of the worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Worker {
    /// The name of the host in reports. Empty: `worker-` and the process id.
    pub(crate) name: String,
    /// The maximum number of steps that run at once, if their memory allows.
    pub(crate) max_concurrent: usize,
    /// The memory for all running steps together, in bytes. 0: what the process has, less a reserve.
    pub(crate) max_memory_bytes: u64,
    /// How much each key-value bucket may hold, in bytes.
    pub(crate) max_bucket_bytes: u64,
    /// The most that a step gets of each limit, whatever its template says.
    pub(crate) ceilings: Ceilings,
    /// The visibility timeout of a step message, in seconds: how long a host may run a step without a heartbeat.
    pub(crate) lease_seconds: u64,
    /// How long running steps may continue after a request to stop, in seconds.
    pub(crate) drain_seconds: u64,
    /// The folder of compiled components. Empty: `.tasker/cache` of the project.
    pub(crate) cache_dir: PathBuf,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            name: String::new(),
            max_concurrent: 100,
            max_memory_bytes: 0,
            max_bucket_bytes: BUCKET_BYTES,
            ceilings: Ceilings::default(),
            lease_seconds: timing::STEP_VISIBILITY.as_secs(),
            drain_seconds: timing::WORKER_DRAIN.as_secs(),
            cache_dir: PathBuf::new(),
        }
    }
}

/// `[blobs]`: the store of components and large payloads.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Blobs {
    /// `file:///var/lib/tasker/blobs`. Empty: `.tasker/blobs` of the project.
    pub(crate) url: String,
}

/// `[telemetry]`: logs and metrics. The standard variables of OpenTelemetry, such as `OTEL_EXPORTER_OTLP_ENDPOINT`, come first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Telemetry {
    /// Whether the server returns its metrics at `/metrics`, to those with the permission `metrics:read`.
    pub(crate) metrics: bool,
    /// The address on which this process returns its metrics at `/metrics`, to everybody who reaches it. Two processes on one
    /// machine need two. Empty: none.
    pub(crate) metrics_listen: String,
    /// The URL of an OpenTelemetry collector (OTLP over HTTP), to which metrics are pushed once a minute:
    /// `http://127.0.0.1:4318`. Empty: none.
    pub(crate) otlp_endpoint: String,
    /// Whether the metrics of steps tell steps apart. Without it, they are of templates: for thousands of steps.
    pub(crate) step_labels: bool,
    /// `text` or `json`, one object a line.
    pub(crate) log_format: LogFormat,
}

/// The format of logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            metrics: false,
            metrics_listen: String::new(),
            otlp_endpoint: String::new(),
            step_labels: true,
            log_format: LogFormat::Text,
        }
    }
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
    /// What requests to the server of a profile say about who sends them.
    pub(crate) credentials: Option<Credentials>,
    sources: BTreeMap<String, Source>,
}

impl ProjectConfig {
    /// Reads the configuration of the project that contains this folder. Without a `tasker.toml` the defaults apply.
    pub(crate) fn load(start: &Path) -> Result<Self> {
        let start =
            start.canonicalize().with_context(|| format!("there is no folder {}", start.display()))?;
        let file = start.ancestors().map(|folder| folder.join(FILE)).find(|file| file.is_file());
        let root = file.as_ref().and_then(|file| file.parent()).unwrap_or(&start).to_path_buf();
        let text = match &file {
            Some(file) => {
                std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?
            }
            None => String::new(),
        };
        Self::from_parts(root, file.as_deref(), &text, environment::utf8())
    }

    /// Sends requests to the server of a profile, with its credentials.
    pub(crate) fn use_profile(&mut self, profile: &Profile) {
        profile.url.clone_into(&mut self.config.server.url);
        self.credentials = profile.credentials();
    }

    /// Sends requests to the configured server with the login that is stored for exactly this server, unless the environment has
    /// credentials.
    pub(crate) fn use_login(&mut self) {
        if Credentials::of_environment().is_some() {
            return;
        }
        // Without a login, or with profiles that cannot be read, the server says what it needs.
        let Ok(profiles) = Profiles::load() else { return };
        self.credentials =
            profiles.of_server(&self.config.server.url()).and_then(|(_, profile)| profile.credentials());
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
                _ => value,
            };
            let source = self.sources.get(&key).cloned().unwrap_or(Source::Default);
            (key, value, source)
        };
        Ok(flatten(&table).into_iter().map(entry).collect())
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
        let text = "[database]\nurl = \"postgres://me:hidden@host/db?user=you&sslpassword=hidden&password=hidden\"\n[auth]\noidc_client_secret = \"hidden\"\n[server]\nsecret = \"hidden\"\n";
        let project = load(text, &[]).unwrap();
        let shown = format!("{:?}", project.entries().unwrap());
        assert!(!shown.contains("hidden") && shown.contains("***"), "{shown}");
    }
}
