//! `tasker worker`: runs steps from PGMQ. It needs only the rights of the database role `tasker_worker`.

use anyhow::{Context, Result, bail};
use tasker_assembly::postgres;

use super::{ending::Ending, stop::stop_signal};
use crate::{config::ProjectConfig, output::Output, parts, telemetry::start_metrics};

pub(crate) async fn run(project: ProjectConfig, output: &Output) -> Result<Ending> {
    let stop = stop_signal()?;
    let url = &project.config.database.url;
    if url.is_empty() {
        bail!(
            "no queue is configured; set DATABASE_URL to the database that holds it, as a member of `tasker_worker`"
        );
    }
    let options = url.parse().context("`database.url` is not usable")?;
    let metrics = start_metrics(&project, "tasker-worker", output, &stop).await?;
    let pool = parts::connect_database(&project, options).await?;
    let blobs = parts::open_blobs(&project)?;
    let host = parts::open_host(&project, &blobs)?
        .with_key_values(postgres::key_values(&pool, project.config.worker.max_bucket_bytes));
    output.say(&format!("{} is running steps", host.name()));
    let transport = postgres::host_transport(&pool, &parts::timing(&project));
    parts::start_worker(&project, host, transport, blobs, stop).await?;
    metrics.end().await;
    Ok(Ending::Done)
}
