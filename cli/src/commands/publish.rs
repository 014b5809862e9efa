//! `tasker publish`: builds the project and publishes it to a running installation: to its database, or through its API.

mod remote;

use anyhow::{Context, Result, bail};
use serde_json::json;
use tasker_assembly::{Claim, postgres};
use tasker_orchestrator::Newer;

use super::{ending::Ending, stop::stop_signal};
use crate::{
    config::ProjectConfig,
    output::Output,
    parts,
    project::{
        components::build,
        publish::{Published, ToPublish, publish},
        templates::read_templates,
        triggers::read_triggers,
        versions::Changed,
    },
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Publish new versions of handlers without making them current. Tasks use them after `tasker handler promote`,
    /// or if a template pins them.
    #[arg(long)]
    no_promote: bool,
    /// Publish through the API of the server, which needs `templates:publish`, instead of its database and its blob store.
    #[arg(long)]
    remote: bool,
}

pub(crate) async fn run(project: ProjectConfig, arguments: &Arguments, output: &Output) -> Result<Ending> {
    if arguments.remote {
        return remote::run(&project, !arguments.no_promote, output).await;
    }
    let url = &project.config.database.url;
    if url.is_empty() {
        bail!(
            "no database is configured; set DATABASE_URL, or `url` under [database] of tasker.toml; or publish through the API with \
             --remote"
        );
    }
    let options = url.parse().context("`database.url` is not usable")?;
    let pool = parts::open_database(&project, options, Newer::IsLeftAlone).await?;
    let blobs = parts::open_blobs(&project)?;
    let host = parts::open_host(&project, &blobs)?;
    let (templates, triggers) = (read_templates(&project)?, read_triggers(&project)?);
    let components = build(&project).await?;
    let timing = parts::timing(&project);
    let transport = postgres::orchestrator_transport(&pool, &timing);
    let stop = stop_signal()?;
    let running =
        parts::start_orchestrator(&project, pool, &transport, blobs.clone(), Claim::Shared, stop.clone())
            .await?;
    let publication = ToPublish {
        components: &components,
        templates: &templates,
        triggers: &triggers,
        changed: Changed::IsRefused,
        promote: !arguments.no_promote,
    };
    let published = publish(&project, publication, &host, &blobs, &running.orchestrator).await;
    stop.cancel();
    running.stopped().await;
    let published = published?;
    let Published { templates, handlers, triggers, notes } = &published;
    for note in notes {
        eprintln!("warning: {note}");
    }
    output.result(&json!({ "templates": templates, "handlers": handlers, "triggers": triggers }), || {
        let triggers = match &triggers[..] {
            [] => String::new(),
            triggers => format!("; triggers {}", triggers.join(", ")),
        };
        format!("published {}{triggers}", templates.join(", "))
    })?;
    Ok(Ending::Done)
}
