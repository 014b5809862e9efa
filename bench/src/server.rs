//! The system under test, and an HTTP client.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tasker_local_postgres::{Durability, LocalPostgres};
use tempfile::TempDir;
use ureq::Agent;

use crate::{
    access::{Access, Credential},
    shapes,
};

/// How long a task may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// The largest response, in bytes: pages of a thousand tasks.
const MAX_RESPONSE: u64 = 1 << 30;

/// How the parts of the system are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installation {
    /// `tasker dev`: one process, queues in memory.
    OneProcess,
    /// `tasker serve` and `tasker worker`, over queues in PGMQ: so many processes of each.
    Pgmq { orchestrators: usize, workers: usize },
}

/// A running system.
pub(crate) struct Server {
    /// The URLs of the APIs, one per orchestrator, used in turn.
    urls: Vec<String>,
    turn: AtomicUsize,
    /// The credential of each request.
    header: Option<(&'static str, String)>,
    /// Dropped first to last: the workers, then the orchestrators.
    _processes: Vec<Process>,
    database: LocalPostgres,
    _folder: TempDir,
}

/// A process that ends when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // SIGTERM lets it stop what it has started before the folder is deleted.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// The measured fields of a task.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Task {
    #[serde(rename = "task_id")]
    id: String,
    pub(crate) status: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) completed_at: Option<DateTime<Utc>>,
}

impl Task {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

impl Server {
    /// Starts the system on a copy of the project with the large shapes added, with an empty database.
    pub(crate) fn start(program: &Path, project: &Path, installation: Installation) -> Result<Self> {
        let templates: Vec<_> =
            shapes::large().iter().map(|shape| (shape.name.to_owned(), shape.template())).collect();
        Self::start_with(program, project, installation, &templates)
    }

    /// Starts the system on a copy of the project with these templates added (file name, text), with an empty database.
    pub(crate) fn start_with(
        program: &Path,
        project: &Path,
        installation: Installation,
        templates: &[(String, String)],
    ) -> Result<Self> {
        Self::start_with_access(program, project, installation, templates, Access::Off)
    }

    /// As [`Server::start_with`], for clients that are authenticated so.
    pub(crate) fn start_with_access(
        program: &Path,
        project: &Path,
        installation: Installation,
        templates: &[(String, String)],
        access: Access,
    ) -> Result<Self> {
        let folder = project_with(project, templates)?;
        let database = LocalPostgres::start(&folder.path().join("database"), Durability::Full)?;
        let Credential { header, environment } = access.credential(program, &database.url())?;
        let command = |arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).arg("--project").arg(folder.path());
            command
                .env("TASKER__SERVER__LISTEN", "127.0.0.1:0")
                .env("DATABASE_URL", database.url())
                .envs(environment.iter().cloned())
                .stdout(Stdio::piped());
            command
        };
        let (mut processes, mut urls) = (Vec::new(), Vec::new());
        match installation {
            Installation::OneProcess => {
                let (process, url) = start(&mut command(&["dev"]), "API ")?;
                processes.push(process);
                urls.push(url);
            }
            Installation::Pgmq { orchestrators, workers } => {
                for orchestrator in 0..orchestrators {
                    let arguments: &[&str] =
                        if orchestrator == 0 { &["serve", "--publish"] } else { &["serve"] };
                    let (process, url) = start(&mut command(arguments), "API on ")?;
                    processes.push(process);
                    urls.push(url);
                }
                for _ in 0..workers {
                    let (process, _) = start(&mut command(&["worker"]), " is running steps")?;
                    processes.insert(0, process);
                }
            }
        }
        Ok(Self { urls, turn: AtomicUsize::new(0), header, _processes: processes, database, _folder: folder })
    }

    fn url(&self) -> &str {
        &self.urls[self.turn.fetch_add(1, Ordering::Relaxed) % self.urls.len()]
    }

    /// Runs SQL in the system's database, each statement in a transaction of its own. Returns the last one's rows.
    pub(crate) fn sql(&self, statements: &[&str]) -> Result<String> {
        // Some packages of the server leave the client to another one.
        let beside = self.database.program("psql");
        let psql = if beside.is_file() { beside } else { "psql".into() };
        let mut command = Command::new(&psql);
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
        for statement in statements {
            command.args(["--command", statement]);
        }
        let output = command.arg(self.database.url()).output();
        let output = output.with_context(|| format!("running {}", psql.display()))?;
        if !output.status.success() {
            bail!("{} failed: {}", psql.display(), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// A client with a separate connection pool, one per thread.
    pub(crate) fn agent() -> Agent {
        Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into()
    }

    /// Creates a task with this JSON input. Returns its id.
    pub(crate) fn create(
        &self,
        agent: &Agent,
        namespace: &str,
        template: &str,
        input: &str,
    ) -> Result<String> {
        let body = format!(r#"{{"name":"{template}","namespace":"{namespace}","context":{input}}}"#);
        let mut request =
            agent.post(format!("{}/v1/tasks", self.url())).header("content-type", "application/json");
        if let Some((name, value)) = &self.header {
            request = request.header(*name, value);
        }
        let mut response = request.send(body)?;
        let answer: Value = response.body_mut().read_json()?;
        match answer["task_id"].as_str() {
            Some(task) => Ok(task.to_owned()),
            None => bail!("{template} was not created: {answer}"),
        }
    }

    /// Waits until a task is at rest.
    pub(crate) fn wait(&self, agent: &Agent, task: &str) -> Result<Task> {
        let until = Instant::now() + PATIENCE;
        loop {
            let url = format!("{}/v1/tasks/{task}?wait_seconds=60", self.url());
            let task: Task = self.get(agent, &url)?;
            match task.status.as_str() {
                "complete" => return Ok(task),
                "blocked_by_failures" | "error" | "cancelled" => bail!("a task ended as {}", task.status),
                status if Instant::now() > until => {
                    bail!("task {} is still {status} after {PATIENCE:?}", task.id);
                }
                _ => {}
            }
        }
    }

    /// The newest tasks of a template.
    pub(crate) fn tasks(&self, agent: &Agent, template: &str, count: usize) -> Result<Vec<Task>> {
        let mut tasks = Vec::with_capacity(count);
        let mut cursor = String::new();
        while tasks.len() < count {
            let (found, next) = self.page(agent, &format!("name={template}&limit=1000{cursor}"))?;
            tasks.extend(found);
            let Some(next) = next else { break };
            cursor = format!("&cursor={next}");
        }
        tasks.truncate(count);
        Ok(tasks)
    }

    /// A page of the list of tasks, and the cursor of the next one.
    pub(crate) fn page(&self, agent: &Agent, query: &str) -> Result<(Vec<Task>, Option<String>)> {
        #[derive(Deserialize)]
        struct Page {
            items: Vec<Task>,
            next_cursor: Option<String>,
        }
        let Page { items, next_cursor } = self.get(agent, &format!("{}/v1/tasks?{query}", self.url()))?;
        Ok((items, next_cursor))
    }

    /// The host and port of its first API.
    pub(crate) fn address(&self) -> String {
        self.urls[0].trim_start_matches("http://").trim_end_matches('/').to_owned()
    }

    /// Reads a task.
    pub(crate) fn read(&self, agent: &Agent, task: &str) -> Result<Task> {
        self.get(agent, &format!("{}/v1/tasks/{task}", self.url()))
    }

    fn get<T: DeserializeOwned>(&self, agent: &Agent, url: &str) -> Result<T> {
        let mut request = agent.get(url);
        if let Some((name, value)) = &self.header {
            request = request.header(*name, value);
        }
        let mut response = request.call()?;
        let (status, body) = (response.status(), response.body_mut());
        if !status.is_success() {
            bail!("GET {url} returned {status}: {}", body.read_to_string()?);
        }
        Ok(body.with_config().limit(MAX_RESPONSE).read_json()?)
    }
}

/// Copies a project into a new folder and adds templates.
fn project_with(project: &Path, added: &[(String, String)]) -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("tasker-bench-").tempdir()?;
    let templates = folder.path().join("templates");
    fs::create_dir_all(&templates)?;
    for entry in fs::read_dir(project.join("templates"))? {
        let path = entry?.path();
        fs::copy(&path, templates.join(path.file_name().context("a template has a name")?))?;
    }
    for (name, text) in added {
        fs::write(templates.join(format!("{name}.yaml")), text)?;
    }
    let project = project.canonicalize()?;
    fs::write(
        folder.path().join("tasker.toml"),
        format!(
            "[project]\nname = \"bench\"\ncomponents = [{:?}, {:?}]\n",
            project.display().to_string(),
            project.join("growing").display().to_string()
        ),
    )?;
    Ok(folder)
}

/// Starts a process and waits until it prints a line with `sign`. Returns the rest of that line.
fn start(command: &mut Command, sign: &str) -> Result<(Process, String)> {
    let mut process = Process(command.spawn().with_context(|| format!("starting {command:?}"))?);
    let stdout = process.0.stdout.take().context("the output is piped")?;
    let mut lines = BufReader::new(stdout).lines();
    for line in lines.by_ref() {
        let line = line?;
        if let Some((_, found)) = line.split_once(sign) {
            let found = found.trim().to_owned();
            // Read all further output, so that the pipe does not fill up.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok((process, found));
        }
    }
    bail!("{command:?} ended before it was ready")
}
