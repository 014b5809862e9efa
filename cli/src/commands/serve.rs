//! `tasker serve`: runs the orchestrator and the API over PostgreSQL and PGMQ.

use anyhow::{Context, Result, bail};
use tasker_api::Authentication;
use tasker_assembly::{Claim, postgres};
use tasker_orchestrator::{Newer, access::Keys};
use tokio::net::TcpListener;

use super::{ending::Ending, stop::stop_signal};
use crate::{
    access::doors,
    config::ProjectConfig,
    output::Output,
    parts,
    project::{
        components::build,
        publish::{ToPublish, publish},
        templates::read_templates,
        triggers::read_triggers,
        versions::Changed,
    },
    telemetry::start_metrics,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Build and publish the project's components, templates and triggers first.
    #[arg(long)]
    publish: bool,
    /// Let everybody in, also from other machines, as behind a proxy that authenticates them.
    #[arg(long)]
    insecure_no_auth: bool,
}

pub(crate) async fn run(
    mut project: ProjectConfig,
    arguments: &Arguments,
    output: &Output,
) -> Result<Ending> {
    project.config.auth.insecure_no_auth |= arguments.insecure_no_auth;
    let stop = stop_signal()?;
    let url = &project.config.database.url;
    if url.is_empty() {
        bail!("no database is configured; set DATABASE_URL, or `url` under [database] of tasker.toml");
    }
    let options = url.parse().context("`database.url` is not usable")?;
    let metrics = start_metrics(&project, "tasker-server", output, &stop).await?;
    let pool = parts::open_database(&project, options, Newer::IsLeftAlone).await?;
    let blobs = parts::open_blobs(&project)?;
    let listener = TcpListener::bind(&project.config.server.listen)
        .await
        .with_context(|| format!("the API cannot listen on {}", project.config.server.listen))?;
    let has_keys = Keys::new(pool.clone()).is_any().await?;
    let doors = match doors(&project, listener.local_addr()?, has_keys) {
        Ok(doors) => doors,
        Err(refused) => return Ok(Ending::Refused(refused)),
    };
    let timing = parts::timing(&project);
    let transport = postgres::orchestrator_transport(&pool, &timing);
    postgres::clear_leases(pool.clone(), &timing, stop.clone());
    let running =
        parts::start_orchestrator(&project, pool, &transport, blobs.clone(), Claim::Shared, stop.clone())
            .await?;
    if arguments.publish {
        let host = parts::open_host(&project, &blobs)?;
        let (templates, triggers) = (read_templates(&project)?, read_triggers(&project)?);
        let components = build(&project).await?;
        let publication = ToPublish {
            components: &components,
            templates: &templates,
            triggers: &triggers,
            changed: Changed::IsRefused,
            promote: true,
        };
        let published = publish(&project, publication, &host, &blobs, &running.orchestrator).await?;
        for note in &published.notes {
            eprintln!("warning: {note}");
        }
        output.say(&format!("published {}", published.templates.join(", ")));
    }
    output.say(&format!("API on http://{}", listener.local_addr()?));
    if matches!(doors.authentication, Authentication::Off) {
        output.say("It authenticates nobody; `tasker key create --database` makes the first API key");
    }
    let hosts = project.config.server.hosts.clone();
    tasker_api::serve(listener, running.orchestrator.clone(), doors, hosts, stop).await?;
    running.stopped().await;
    metrics.end().await;
    Ok(Ending::Done)
}
