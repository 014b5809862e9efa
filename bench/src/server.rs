//! The system under test, and an HTTP client.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use tasker_local_postgres::{Durability, LocalPostgres};
use tempfile::TempDir;
use ureq::Agent;

use crate::shapes;

/// How the parts of the system are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installation {
    /// `tasker dev`: one process with its private PostgreSQL, queues in memory.
    OneProcess,
    /// `tasker serve` and `tasker worker`, over queues in PGMQ.
    Pgmq,
}

/// A running system.
pub(crate) struct Server {
    url: String,
    /// Dropped first to last: the worker, then the orchestrator.
    processes: Vec<Process>,
    _database: Option<LocalPostgres>,
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

impl Server {
    /// Starts the system on a copy of the project with the large shapes added, with an empty database.
    pub(crate) fn start(program: &Path, project: &Path, installation: Installation) -> Result<Self> {
        let folder = project_with_large_shapes(project)?;
        let command = |arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).arg("--project").arg(folder.path());
            command
                .env("TASKER__SERVER__LISTEN", "127.0.0.1:0")
                .env_remove("DATABASE_URL")
                .stdout(Stdio::piped());
            command
        };
        match installation {
            Installation::OneProcess => {
                let (process, url) = start(&mut command(&["dev"]), "API ")?;
                Ok(Self { url, processes: vec![process], _database: None, _folder: folder })
            }
            Installation::Pgmq => {
                let database = LocalPostgres::start(&folder.path().join("database"), Durability::Full)?;
                let mut serve = command(&["serve", "--publish"]);
                let (orchestrator, url) = start(serve.env("DATABASE_URL", database.url()), "API on ")?;
                let mut work = command(&["worker"]);
                let (worker, _) = start(work.env("DATABASE_URL", database.url()), " is running steps")?;
                let processes = vec![worker, orchestrator];
                Ok(Self { url, processes, _database: Some(database), _folder: folder })
            }
        }
    }

    /// A client with a separate connection pool, one per thread.
    pub(crate) fn agent() -> Agent {
        Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(300)))
            .build()
            .into()
    }

    /// Creates a task. Returns its id.
    pub(crate) fn create(&self, agent: &Agent, template: &str, n: usize) -> Result<String> {
        let body = format!(r#"{{"name":"{template}","namespace":"bench","context":{{"n":{n}}}}}"#);
        let mut response = agent
            .post(format!("{}/v1/tasks", self.url))
            .header("content-type", "application/json")
            .send(body)?;
        let answer: Value = response.body_mut().read_json()?;
        match answer["task_id"].as_str() {
            Some(task) => Ok(task.to_owned()),
            None => bail!("{template} was not created: {answer}"),
        }
    }

    /// Waits until a task is at rest.
    pub(crate) fn wait(&self, agent: &Agent, task: &str) -> Result<Task> {
        loop {
            let url = format!("{}/v1/tasks/{task}?wait_seconds=60", self.url);
            let task: Task = agent.get(url).call()?.body_mut().read_json()?;
            match task.status.as_str() {
                "complete" => return Ok(task),
                "blocked_by_failures" | "error" | "cancelled" => bail!("a task ended as {}", task.status),
                _ => {}
            }
        }
    }

    /// The newest tasks of a template.
    pub(crate) fn tasks(&self, agent: &Agent, template: &str, count: usize) -> Result<Vec<Task>> {
        #[derive(Deserialize)]
        struct Page {
            tasks: Vec<Task>,
        }
        let mut tasks = Vec::with_capacity(count);
        let mut after = String::new();
        while tasks.len() < count {
            let url = format!("{}/v1/tasks?name={template}&per_page=1000{after}", self.url);
            let found: Page = agent.get(url).call()?.body_mut().with_config().limit(1 << 30).read_json()?;
            let Some(last) = found.tasks.last() else { break };
            after = format!("&after={}", last.id);
            tasks.extend(found.tasks);
        }
        tasks.truncate(count);
        Ok(tasks)
    }

    /// Processor time of the server and its PostgreSQL, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let mut ticks = 0;
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
            let command = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            let pid = entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0);
            let fields: Vec<&str> =
                stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
            if self.processes.iter().any(|process| process.0.id() == pid)
                || command.starts_with("postgres:")
                || command.contains("bin/postgres")
            {
                let field =
                    |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
                // Fields 14 to 17 of proc(5), user and system time, the second two of ended children, counted after the name.
                ticks += field(11) + field(12) + field(13) + field(14);
            }
        }
        ticks as f64 / 100.0
    }
}

/// Copies a project into a new folder.
fn project_with_large_shapes(project: &Path) -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("tasker-bench-").tempdir()?;
    let templates = folder.path().join("templates");
    fs::create_dir_all(&templates)?;
    for entry in fs::read_dir(project.join("templates"))? {
        let path = entry?.path();
        fs::copy(&path, templates.join(path.file_name().context("a template has a name")?))?;
    }
    for shape in shapes::large() {
        fs::write(templates.join(format!("{}.yaml", shape.name)), shape.template())?;
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
