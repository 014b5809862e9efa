//! The sections of the configuration: every key with its meaning, its type and its default. What is written here is what
//! `tasker config explain` and `docs/configuration.md` say.

use std::path::PathBuf;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use tasker_assembly::timing;
use tasker_orchestrator::IntakeLimits;
use tasker_runtime_host::Ceilings;
use tasker_transport::BUCKET_BYTES;

use super::{component::Component, section::section};

section! {
    /// `[project]`: the parts of the project.
    struct Project {
        /// The name of the project.
        name: String = "tasker".into(),
        /// What holds handlers: folders of packages to build as components (`Cargo.toml`, `package.json`, `pyproject.toml`, `go.mod`, `Gemfile`), and
        /// `.wasm` files to use as they are. A table says more: `{ path = "handlers", language = "typescript" }`, or a command that
        /// makes the file: `{ path = "x.wasm", build = "make x.wasm", watch = ["src"] }`.
        components: Vec<Component> = vec![".".into()],
        /// The names of further environment variables for builds, for example a registry's token. Build scripts of all
        /// dependencies can read them.
        build_environment: Vec<String> = Vec::new(),
        /// Whether the core modules of a component are merged into one, which then starts several times faster. It concerns
        /// components that tools link from several, such as those of Python and JavaScript.
        merge_modules: bool = true,
        /// The folder of templates (`.yaml`, `.yml`, `.json`).
        templates: PathBuf = "templates".into(),
        /// The folder of triggers, which start tasks from events. It may be missing.
        triggers: PathBuf = "triggers".into(),
    }
}

section! {
    /// `[server]`: the API.
    struct Server {
        /// The address that the API listens on. Beyond this machine it needs `auth`.
        listen: String = "127.0.0.1:8080".to_owned(),
        /// The URL of the API for commands, or `HOST:PORT` of this machine. Empty: derived from `listen`.
        url: String = String::new(),
        /// The names, other than those of this machine, in requests to a server on loopback, as behind a proxy. Requests to
        /// all other names are refused, because web pages of other sites send them.
        hosts: Vec<String> = Vec::new(),
        /// The URL that clients reach the server by, as behind a proxy: `https://tasker.example.com`. Logins come back to it, and with
        /// https:// the cookies of sessions are for TLS only. Empty: the address of a server on loopback.
        public_url: String = String::new(),
        /// The proxies before the server, as addresses or networks: what they write into `X-Forwarded-For` names the client.
        trusted_proxies: Vec<String> = Vec::new(),
        /// The origins of other sites' pages that may use the API, such as `https://app.example.com`.
        cors_origins: Vec<String> = Vec::new(),
        /// How many requests each caller may send in a second. Further ones get 429. 0: any number.
        requests_per_second: u32 = 0,
        /// How many seconds responses of analytics are returned again without asking the database. 0: it is always asked.
        analytics_kept_seconds: u64 = tasker_api::RESPONSES_KEPT.as_secs(),
        /// What seals the state of logins: at least 32 random characters, the same for all servers of a database. Empty: a random one
        /// in the database.
        secret: String = String::new(),
        /// How many tasks of bulk operations each process works on in a second. 0: as many as it can.
        bulk_per_second: u32 = 50,
        /// The maximum size of all bodies of requests in memory, in bytes. Further requests get 503.
        max_bodies_bytes: usize = tasker_api::MAX_BODIES_BYTES,
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

section! {
    /// `[mcp]`: the server for the Model Context Protocol, at `/mcp` of the API.
    struct Mcp {
        /// Whether it offers tools that change something. Each asks for confirmation first.
        write: bool = false,
    }
}

section! {
    /// `[database]`: PostgreSQL 15 or later.
    struct Database {
        /// `postgres://user:password@host/database`. Empty: `DATABASE_URL`, or a private server that `tasker dev` starts.
        url: String = String::new(),
        /// The maximum number of connections per process.
        max_connections: u32 = 10,
    }
}

section! {
    /// `[orchestrator]`: the settings of the orchestrator.
    struct Orchestrator {
        /// The environment whose overrides in templates apply.
        environment: String = "development".into(),
        /// How many batches of reports are applied at once.
        report_loops: usize = 2,
        /// The interval of the sweep, in seconds.
        sweep_interval_seconds: u64 = 5,
        /// The networks that are not public and that webhooks may reach: addresses, or networks such as `10.1.0.0/16`. `tasker dev`
        /// allows this machine as well.
        webhook_networks: Vec<String> = Vec::new(),
        /// The maximum number of tasks that wait to be created. Further requests get 503.
        max_waiting_creations: usize = IntakeLimits::default().tasks,
        /// The maximum size of their inputs together, in bytes.
        max_waiting_bytes: usize = IntakeLimits::default().bytes,
        /// If a creation has waited for this many seconds, further requests get 503.
        max_creation_wait_seconds: u64 = IntakeLimits::default().wait.as_secs(),
    }
}

section! {
    /// `[worker]`: the settings of the worker.
    struct Worker {
        /// The name of the host in reports. Empty: `worker-` and the process id.
        name: String = String::new(),
        /// The maximum number of steps that run at once, if their memory allows.
        max_concurrent: usize = 100,
        /// The memory for all running steps together, in bytes. 0: what the process has, less a reserve.
        max_memory_bytes: u64 = 0,
        /// How much each key-value bucket may hold, in bytes.
        max_bucket_bytes: u64 = BUCKET_BYTES,
        /// The most that a step gets of each limit, whatever its template says: `wall_ms`, `cpu_ms`, `memory_bytes`,
        /// `table_elements`, `instances`, `log_bytes`, `result_bytes`, `handles`.
        ceilings: Ceilings = Ceilings::default(),
        /// The visibility timeout of a step message, in seconds: how long a host may run a step without a heartbeat.
        lease_seconds: u64 = timing::STEP_VISIBILITY.as_secs(),
        /// How long running steps may continue after a request to stop, in seconds.
        drain_seconds: u64 = timing::WORKER_DRAIN.as_secs(),
        /// The folder of compiled components. Empty: `.tasker/cache` of the project.
        cache_dir: PathBuf = PathBuf::new(),
    }
}

section! {
    /// `[blobs]`: the store of components and large payloads.
    struct Blobs {
        /// `file:///var/lib/tasker/blobs`. Empty: `.tasker/blobs` of the project.
        url: String = String::new(),
    }
}

section! {
    /// `[analytics]`: what happened, counted from the audit.
    struct Analytics {
        /// Whether the server counts. What was counted stays readable.
        enabled: bool = true,
        /// The price of a GiB of memory for a second, in any currency, for estimates of costs: 0.0000166667 on AWS Lambda. 0: none.
        gib_second_price: f64 = 0.0,
        /// The price of a million executions: 0.20 on AWS Lambda. 0: none.
        million_executions_price: f64 = 0.0,
    }
}

section! {
    /// `[telemetry]`: logs and metrics. The standard variables of OpenTelemetry, such as `OTEL_EXPORTER_OTLP_ENDPOINT`, come first.
    struct Telemetry {
        /// Whether the server returns its metrics at `/metrics` of the API, to those with the permission `metrics:read`. It does too
        /// if `metrics_listen` is set.
        metrics: bool = false,
        /// The address on which this process returns its metrics at `/metrics`, to everybody who reaches it. Two processes on one
        /// machine need two. Empty: none.
        metrics_listen: String = String::new(),
        /// The URL of an OpenTelemetry collector (OTLP over HTTP), to which metrics are pushed once a minute:
        /// `http://127.0.0.1:4318`. Empty: none.
        otlp_endpoint: String = String::new(),
        /// The share of the tasks whose traces are pushed to the collector, from 0 to 1: of those whose requests bring no trace.
        traces_sample_ratio: f64 = 0.01,
        /// Whether the metrics of steps tell steps apart. Without it, they are of templates: for thousands of steps.
        step_labels: bool = true,
        /// `text` or `json`, one object a line.
        log_format: LogFormat = LogFormat::Text,
    }
}

/// The format of logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    Text,
    Json,
}
