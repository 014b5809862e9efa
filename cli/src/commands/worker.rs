//! `tasker worker`: a host that takes steps from PGMQ. It needs no right in the database but that of the role
//! `tasker_worker`.

use anyhow::{Context, Result, bail};
use tasker_orchestrator::connect;

use super::{Ending, stop_signal};
use crate::{
    config::ProjectConfig,
    dev::engine::{self, Transport},
    output::Output,
};

pub(crate) async fn run(project: ProjectConfig, output: &Output) -> Result<Ending> {
    let stop = stop_signal()?;
    let url = &project.config.database.url;
    if url.is_empty() {
        bail!(
            "no queue is configured; set DATABASE_URL to the database that holds it, as a member of `tasker_worker`"
        );
    }
    let options = url.parse().context("`database.url` is not usable")?;
    let pool = connect(options, project.config.database.max_connections);
    let blobs = engine::open_blobs(&project)?;
    let host = engine::open_host(&project, &blobs)?.with_key_values(engine::key_values(&pool));
    output.say(&format!("{} takes steps", host.name()));
    let transport = Transport::of_worker(&project, &pool);
    engine::start_worker(&project, host, transport, blobs, stop).await?;
    Ok(Ending::Done)
}
