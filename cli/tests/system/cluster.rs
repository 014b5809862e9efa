//! A cluster: PostgreSQL, an orchestrator with its API, and workers, each a process that can be killed.

use std::{
    collections::HashMap,
    net::TcpListener,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection, Row, postgres::PgRow};
use tasker_local_postgres::{Durability, LocalPostgres};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use ureq::Agent;

use crate::{
    program::{PATIENCE, Process, signal, tasker},
    project::Project,
};

/// The number of workers.
pub(crate) const WORKERS: usize = 2;
/// How long tasks may take to complete after the last kill.
const COMPLETION: Duration = Duration::from_secs(60);
/// How many steps a worker runs at once.
pub(crate) const CONCURRENT: usize = 16;

/// The result and the end of the run of each step, by task and step index.
pub(crate) type Results = HashMap<(String, i32), (String, String)>;

/// The cluster. Dropping it ends all of its processes.
pub(crate) struct Cluster {
    workers: Vec<Process>,
    orchestrator: Process,
    database: LocalPostgres,
    project: Project,
    /// The URL of the API, which restarts do not change.
    pub(crate) url: String,
    lease_seconds: u32,
    runtime: Runtime,
    database_folder: TempDir,
}

impl Cluster {
    /// Starts all processes on a project, which is built and published.
    pub(crate) fn start(project: Project, lease_seconds: u32) -> Self {
        let folder = tempfile::Builder::new().prefix("tasker-database-").tempdir().expect("a folder is made");
        let database = LocalPostgres::start(folder.path(), Durability::Full).expect("PostgreSQL starts");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let url = format!("http://{}", port.expect("a port is free"));
        let runtime = Runtime::new().expect("a runtime starts");
        let orchestrator = serve(&project, &database, &url, lease_seconds, true);
        let mut cluster = Self {
            workers: Vec::new(),
            orchestrator,
            database,
            project,
            url,
            lease_seconds,
            runtime,
            database_folder: folder,
        };
        cluster.orchestrator.wait_for("API on");
        cluster.execute("CREATE ROLE a_worker LOGIN PASSWORD 'secret' IN ROLE tasker_worker");
        for number in 0..WORKERS {
            let worker = cluster.worker(number);
            cluster.workers.push(worker);
        }
        cluster
    }

    fn worker(&self, number: usize) -> Process {
        let url = self.database.url();
        let (_, address) = url.rsplit_once('@').expect("the URL has a password");
        Process::start(
            tasker(self.project.path())
                .arg("worker")
                .env("DATABASE_URL", format!("postgres://a_worker:secret@{address}"))
                .env("TASKER__WORKER__NAME", format!("worker-{number}"))
                .env("TASKER__WORKER__MAX_CONCURRENT", CONCURRENT.to_string())
                .env("TASKER__WORKER__LEASE_SECONDS", self.lease_seconds.to_string()),
        )
    }

    /// Kills a worker.
    pub(crate) fn kill_worker(&mut self, number: usize) {
        self.workers[number].kill();
    }

    /// Starts a killed worker.
    pub(crate) fn start_worker(&mut self, number: usize) {
        self.workers[number] = self.worker(number);
    }

    /// Kills the orchestrator and its API.
    pub(crate) fn kill_orchestrator(&mut self) {
        self.orchestrator.kill();
    }

    /// Starts the killed orchestrator. It ends if the database is not running when it starts.
    pub(crate) fn start_orchestrator(&mut self) {
        self.orchestrator = serve(&self.project, &self.database, &self.url, self.lease_seconds, false);
        self.orchestrator.wait_for("API on");
    }

    /// Kills PostgreSQL: its first process, which ends all others.
    pub(crate) fn kill_database(&mut self) {
        let path = self.database_folder.path().join("postgres/data/postmaster.pid");
        let text = std::fs::read_to_string(&path).expect("PostgreSQL writes its process id");
        let process = text.lines().next().and_then(|line| line.trim().parse().ok());
        let process = process.expect("the first line is the process id");
        signal(process, "KILL");
        let until = Instant::now() + PATIENCE;
        while Path::new(&format!("/proc/{process}")).exists() && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts PostgreSQL again at the same address.
    pub(crate) fn start_database(&mut self) {
        let url = self.database.url();
        let until = Instant::now() + PATIENCE;
        while !self.database.revive().expect("PostgreSQL starts again") {
            assert!(Instant::now() < until, "PostgreSQL did not die");
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(self.database.url(), url, "PostgreSQL started at another address");
    }

    /// Creates a task, and retries until it succeeds. Calls with the same key create one task.
    pub(crate) fn create(url: &str, template: &str, key: usize) {
        Self::create_from(url, template, key, &serde_json::json!({ "n": key }));
    }

    /// As [`Cluster::create`], with the caller's input.
    pub(crate) fn create_from(url: &str, template: &str, key: usize, context: &serde_json::Value) {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(15)))
            .build()
            .into();
        let body = serde_json::json!({
            "name": template, "namespace": "system", "context": context,
            "idempotency_key": format!("{template}-{key}"),
        });
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = agent.post(format!("{url}/v1/tasks")).send_json(&body);
            match answer.as_ref().map(|answer| answer.status().as_u16()) {
                Ok(201 | 409) => return,
                Ok(status) if status < 500 => panic!("task {key} of {template} was refused: {status}"),
                _ => {}
            }
            assert!(Instant::now() < until, "task {key} of {template} could not be created: {answer:?}");
            thread::sleep(Duration::from_millis(200));
        }
    }

    fn execute(&self, statement: &'static str) {
        self.runtime.block_on(async {
            let mut connection =
                PgConnection::connect(&self.database.url()).await.expect("PostgreSQL responds");
            sqlx::raw_sql(statement).execute(&mut connection).await.expect(statement);
        });
    }

    /// Returns the rows of a query, or the error of a database that is being killed.
    pub(crate) fn query(&self, query: &'static str) -> Result<Vec<PgRow>, sqlx::Error> {
        self.runtime.block_on(async {
            let mut connection = PgConnection::connect(&self.database.url()).await?;
            sqlx::query(query).fetch_all(&mut connection).await
        })
    }

    /// Returns the number that a query selects.
    pub(crate) fn count(&self, query: &'static str) -> i64 {
        self.query(query).expect(query)[0].get(0)
    }

    /// Waits until this many tasks are complete.
    pub(crate) fn wait_for_complete(&self, tasks: usize) {
        self.wait_for_complete_within(tasks, COMPLETION);
    }

    /// As [`Cluster::wait_for_complete`], for this long.
    pub(crate) fn wait_for_complete_within(&self, tasks: usize, patience: Duration) {
        let until = Instant::now() + patience;
        while self.count("SELECT count(*) FROM tasker.tasks WHERE state = 'complete'") < tasks as i64 {
            assert!(Instant::now() < until, "{}", self.describe());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Returns the largest memory that each process has held, in bytes: the orchestrator's first.
    pub(crate) fn peaks(&self) -> Vec<u64> {
        std::iter::once(&self.orchestrator).chain(&self.workers).map(Process::peak).collect()
    }

    /// Describes the state of all tasks, for a failed test.
    pub(crate) fn describe(&self) -> String {
        let states = "SELECT 'tasks ' || state, count(*) FROM tasker.tasks GROUP BY 1
                      UNION ALL SELECT 'steps ' || state, count(*) FROM tasker.steps GROUP BY 1
                      UNION ALL SELECT 'step messages', count(*) FROM pgmq.q_tasker_steps
                      UNION ALL SELECT 'reports', count(*) FROM pgmq.q_tasker_reports
                      UNION ALL SELECT CASE WHEN settled THEN 'settled leases' ELSE 'leases' END, count(*)
                      FROM tasker_lease.leases GROUP BY 1";
        let rows = self.query(states).expect(states);
        let states: Vec<String> =
            rows.iter().map(|row| format!("{} {}", row.get::<String, _>(0), row.get::<i64, _>(1))).collect();
        let tail = |process: &Process| {
            let said = process.said();
            let lines: Vec<&str> = said.lines().collect();
            lines[lines.len().saturating_sub(30)..].join("\n")
        };
        let workers: Vec<String> = self.workers.iter().map(tail).collect();
        format!(
            "{}\n--- orchestrator\n{}\n--- workers\n{}",
            states.join(", "),
            tail(&self.orchestrator),
            workers.join("\n---\n")
        )
    }

    /// Returns the failed attempts with their reasons.
    pub(crate) fn failures(&self) -> Vec<String> {
        let failures = "SELECT concat_ws(' ', event, actor, task_id, step_index, attempt, reason, detail -> 'failure')
                        FROM tasker.audit WHERE event = 'lease_lost' OR detail -> 'failure' IS NOT NULL ORDER BY at";
        self.query(failures).expect(failures).iter().map(|row| row.get(0)).collect()
    }

    /// Returns the results of completed steps.
    pub(crate) fn results(&self) -> Result<Results, sqlx::Error> {
        let rows = self.query(
            "SELECT task_id::text, step_index, result::text, finished_at::text FROM tasker.steps
             WHERE state = 'complete'",
        )?;
        Ok(rows.iter().map(|row| ((row.get(0), row.get(1)), (row.get(2), row.get(3)))).collect())
    }
}

fn serve(
    project: &Project,
    database: &LocalPostgres,
    url: &str,
    lease_seconds: u32,
    publish: bool,
) -> Process {
    let mut command = tasker(project.path());
    command
        .arg("serve")
        .env("DATABASE_URL", database.url())
        .env("TASKER__SERVER__LISTEN", url.trim_start_matches("http://"))
        .env("TASKER__WORKER__LEASE_SECONDS", lease_seconds.to_string())
        .env("TASKER__ORCHESTRATOR__SWEEP_INTERVAL_SECONDS", "1");
    if publish {
        command.arg("--publish");
    }
    Process::start(&mut command)
}
