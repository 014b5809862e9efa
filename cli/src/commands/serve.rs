//! `tasker serve`: orchestrator and API over PostgreSQL and PGMQ.

use anyhow::{Context, Result, bail};
use tokio::net::TcpListener;

use super::{Ending, stop_signal};
use crate::{
    config::ProjectConfig,
    dev::{
        build,
        engine::{self, RunningOrchestrator, Transport},
        triggers::read_triggers,
        versions::Changed,
    },
    output::Output,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Build and publish the project's components, templates and triggers first.
    #[arg(long)]
    publish: bool,
}

pub(crate) async fn run(project: ProjectConfig, arguments: &Arguments, output: &Output) -> Result<Ending> {
    let stop = stop_signal()?;
    let url = &project.config.database.url;
    if url.is_empty() {
        bail!("no database is configured; set DATABASE_URL, or `url` under [database] of tasker.toml");
    }
    let options = url.parse().context("`database.url` is not usable")?;
    let pool = engine::open_database(&project, options).await?;
    let blobs = engine::open_blobs(&project)?;
    let listener = TcpListener::bind(&project.config.server.listen)
        .await
        .with_context(|| format!("the API cannot listen on {}", project.config.server.listen))?;
    let transport = Transport::of_orchestrator(&project, &pool);
    engine::clear_leases(&project, pool.clone(), stop.clone());
    let running =
        RunningOrchestrator::start(&project, pool, &transport, blobs.clone(), false, stop.clone()).await?;
    if arguments.publish {
        let host = engine::open_host(&project, &blobs)?;
        let (templates, triggers) = (build::read_templates(&project)?, read_triggers(&project)?);
        let components = build::build(&project).await?;
        let publication = build::ToPublish {
            components: &components,
            templates: &templates,
            triggers: &triggers,
            changed: Changed::IsRefused,
            promote: true,
        };
        let published = build::publish(&project, publication, &host, &blobs, &running.orchestrator).await?;
        output.say(&format!("published {}", published.templates.join(", ")));
    }
    output.say(&format!("API on http://{}", listener.local_addr()?));
    tasker_api::serve(listener, running.orchestrator.clone(), stop).await?;
    running.stopped().await;
    Ok(Ending::Done)
}
