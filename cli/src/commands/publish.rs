//! `tasker publish`: builds the project and publishes it, and leaves running what runs.

use anyhow::{Context, Result, bail};
use serde_json::json;

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
    /// Publish new versions of handlers without making them current: tasks get them once they are promoted
    /// (`tasker handler promote`), or where a template pins them.
    #[arg(long)]
    no_promote: bool,
}

pub(crate) async fn run(project: ProjectConfig, arguments: &Arguments, output: &Output) -> Result<Ending> {
    let url = &project.config.database.url;
    if url.is_empty() {
        bail!("no database is configured; set DATABASE_URL, or `url` under [database] of tasker.toml");
    }
    let pool = engine::open_database(&project, url.parse().context("`database.url` is not usable")?).await?;
    let blobs = engine::open_blobs(&project)?;
    let host = engine::open_host(&project, &blobs)?;
    let (templates, triggers) = (build::read_templates(&project)?, read_triggers(&project)?);
    let components = build::build(&project).await?;
    let transport = Transport::of_orchestrator(&project, &pool);
    let stop = stop_signal()?;
    let running =
        RunningOrchestrator::start(&project, pool, &transport, blobs.clone(), false, stop.clone()).await?;
    let publication = build::ToPublish {
        components: &components,
        templates: &templates,
        triggers: &triggers,
        changed: Changed::IsRefused,
        promote: !arguments.no_promote,
    };
    let published = build::publish(&project, publication, &host, &blobs, &running.orchestrator).await;
    stop.cancel();
    running.stopped().await;
    let published = published?;
    let build::Published { templates, handlers, triggers, .. } = &published;
    output.result(&json!({ "templates": templates, "handlers": handlers, "triggers": triggers }), || {
        let triggers = match &triggers[..] {
            [] => String::new(),
            triggers => format!("; triggers {}", triggers.join(", ")),
        };
        format!("published {}{triggers}", templates.join(", "))
    })?;
    Ok(Ending::Done)
}
