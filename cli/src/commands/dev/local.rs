//! Database, orchestrator, host and API of one project, in this process.

use std::{fs::File, time::Duration};

use anyhow::{Context, Result, bail};
use tasker_assembly::{Claim, RunningOrchestrator, memory, postgres};
use tasker_local_postgres::{Durability, LocalPostgres};
use tasker_orchestrator::Newer;
use tasker_runtime_host::Host;
use tasker_transport::BlobStore;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    access::doors,
    config::ProjectConfig,
    output::{Output, Style},
    parts,
    project::{
        components::build,
        publish::{Published, ToPublish, publish},
        templates::read_templates,
        triggers::read_triggers,
        versions::Changed,
    },
    telemetry::{Metrics, start_metrics},
};

/// How often the private database is checked.
const DATABASE_PULSE: Duration = Duration::from_millis(500);

/// Database, orchestrator, host and API, running in this process.
pub(crate) struct Local {
    pub(crate) project: ProjectConfig,
    /// The URL of its API.
    pub(crate) url: String,
    orchestrator: RunningOrchestrator,
    host: Host,
    blobs: BlobStore,
    server: JoinHandle<std::io::Result<()>>,
    worker: JoinHandle<()>,
    database: Option<JoinHandle<()>>,
    metrics: Metrics,
    // Stops the API and the worker first, then the orchestrator, when it has applied the last reports, then the database.
    stop: CancellationToken,
    stop_orchestrator: CancellationToken,
    stop_database: CancellationToken,
    _lock: File,
}

impl Local {
    /// Starts everything. The API and the worker run until `stop` is cancelled.
    pub(crate) async fn start(
        project: ProjectConfig,
        output: &Output,
        stop: CancellationToken,
    ) -> Result<Self> {
        let lock = lock(&project)?;
        let listener = TcpListener::bind(&project.config.server.listen).await.with_context(|| {
            format!(
                "the API cannot listen on {}; name another address with `listen` under [server] of tasker.toml, or \
                 with TASKER__SERVER__LISTEN=127.0.0.1:0",
                project.config.server.listen
            )
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        let metrics = start_metrics(&project, "tasker-dev", output, &stop).await?;
        let doors = doors(&project, listener.local_addr()?, false)?;
        let (stop_orchestrator, stop_database) = (CancellationToken::new(), CancellationToken::new());
        let (options, database) = if project.config.database.url.is_empty() {
            let state = project.state_dir();
            let server =
                tokio::task::spawn_blocking(move || LocalPostgres::start(&state, Durability::Full)).await??;
            let options = server.url().parse()?;
            (options, Some(tokio::spawn(look_after(server, stop_database.clone()))))
        } else {
            (project.config.database.url.parse().context("`database.url` is not usable")?, None)
        };
        let pool = parts::open_database(&project, options, Newer::IsRefused).await?;
        let blobs = parts::open_blobs(&project)?;
        let host = parts::open_host(&project, &blobs)?
            .with_key_values(postgres::key_values(&pool, project.config.worker.max_bucket_bytes));
        let transport = memory::transport(&parts::timing(&project));
        let (claim, stopped) = (Claim::Exclusive, stop_orchestrator.clone());
        let orchestrator =
            parts::start_orchestrator(&project, pool, &transport, blobs.clone(), claim, stopped).await?;
        if orchestrator.taken_up > 0 {
            let steps = orchestrator.taken_up;
            output.say(&format!("continuing with {steps} steps that were in flight when the last run ended"));
        }
        let worker = parts::start_worker(&project, host.clone(), transport, blobs.clone(), stop.clone());
        let hosts = project.config.server.hosts.clone();
        let served = orchestrator.orchestrator.clone();
        let server = tokio::spawn(tasker_api::serve(listener, served, doors, hosts, stop.clone()));
        let heading = format!("{} on this machine", project.config.project.name);
        output.say(&output.style(Style::Strong, &heading));
        Ok(Self {
            project,
            url,
            orchestrator,
            host,
            blobs,
            server,
            worker,
            database,
            metrics,
            stop,
            stop_orchestrator,
            stop_database,
            _lock: lock,
        })
    }

    /// Builds and publishes the project. A template that changed without a new version is published as a development
    /// build.
    pub(crate) async fn publish(&self, output: &Output) -> Result<Published> {
        let templates = read_templates(&self.project)?;
        let triggers = read_triggers(&self.project)?;
        let components = build(&self.project).await?;
        let publication = ToPublish {
            components: &components,
            templates: &templates,
            triggers: &triggers,
            changed: Changed::IsNextBuild,
            promote: true,
        };
        let orchestrator = &self.orchestrator.orchestrator;
        let published = publish(&self.project, publication, &self.host, &self.blobs, orchestrator).await?;
        for line in &published.notes {
            output.say(&format!("  {line}"));
        }
        Ok(published)
    }

    /// Stops the API and the worker, then the orchestrator, then the database.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let _ = self.server.await;
        let _ = self.worker.await;
        self.orchestrator.orchestrator.apply_waiting().await;
        self.stop_orchestrator.cancel();
        self.orchestrator.stopped().await;
        self.metrics.end().await;
        self.stop_database.cancel();
        if let Some(database) = self.database {
            let _ = database.await;
        }
    }
}

/// Restarts the private database when it dies, and stops it when `stop` is cancelled.
async fn look_after(server: LocalPostgres, stop: CancellationToken) {
    let mut server = Some(server);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(DATABASE_PULSE) => {}
        }
        let Some(mut running) = server.take() else { break };
        let looked = tokio::task::spawn_blocking(move || {
            let revived = running.revive();
            (running, revived)
        });
        let Ok((running, revived)) = looked.await else { break };
        match revived {
            Ok(true) => tracing::warn!("the private database had stopped and was restarted"),
            Ok(false) => {}
            Err(error) => tracing::error!("the private database cannot be started: {error}"),
        }
        server = Some(running);
    }
    let _ = tokio::task::spawn_blocking(move || drop(server)).await;
}

/// Locks the project: two processes would start two servers on one data folder.
fn lock(project: &ProjectConfig) -> Result<File> {
    let folder = project.state_dir();
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => bail!(
            "another `tasker dev` is already running this project ({} is locked); use it, or stop it first",
            path.display()
        ),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}
