//! `tasker system`: the condition of a server, its configuration, the processes that run steps, and what waits in the queues.

use anyhow::{Result, bail};
use chrono::TimeDelta;

use tasker_api::{ConfigurationEntry, DetailedHealth, Meta, Page};
use tasker_orchestrator::{Fitness, Host, HostPresence, QueueDepth};

use super::{
    ending::Ending,
    paging::{Paging, more},
};
use crate::{
    client::{Client, Method, query},
    config::ProjectConfig,
    output::{Output, Style, table},
    view::duration,
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show the condition of a server and of the services that it depends on. Exits with 3 if one is not well.
    Health,
    /// Show what a server is and can do.
    Info,
    /// List the configuration of a server, without its secrets.
    Config,
    /// List the processes that run steps, and those of the last day.
    Workers {
        /// Only processes with this name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show how many messages wait in the queues between orchestrators and hosts.
    Queues,
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = &Client::of(project)?;
    match command {
        Command::Health => return health(client, output).await,
        Command::Info => {
            let meta: Meta = client.get("/v1/meta").await?;
            output.result(&meta, || {
                let features =
                    if meta.features.is_empty() { "none".to_owned() } else { meta.features.join(", ") };
                format!("{}\nauthentication: {}\nfeatures: {features}", meta.name, meta.authentication)
            })?;
        }
        Command::Config => {
            let found: Page<ConfigurationEntry> = client.get("/v1/config").await?;
            output.result(&found, || {
                let row = |entry: &ConfigurationEntry| {
                    vec![entry.key.clone(), entry.value.to_string(), entry.source.clone()]
                };
                table(&["KEY", "VALUE", "FROM"], &found.items.iter().map(row).collect::<Vec<_>>())
            })?;
        }
        Command::Workers { name, paging } => {
            let query = query([("limit", Some(paging.limit())), ("cursor", paging.cursor()), ("name", name)]);
            let found: Page<Host> = client.get(&format!("/v1/workers?{query}")).await?;
            output.result(&found, || {
                let rows: Vec<_> = found.items.iter().map(worker).collect();
                table(&["WORKER", "STATUS", "RUNS", "VERSION", "STARTED (UTC)", "SEEN (UTC)"], &rows)
                    + &more(&found)
            })?;
        }
        Command::Queues => {
            let found: Page<QueueDepth> = client.get("/v1/queues").await?;
            output.result(&found, || {
                let rows: Vec<_> = found.items.iter().map(queue).collect();
                table(&["QUEUE", "READY", "DELAYED", "IN FLIGHT", "OLDEST"], &rows)
            })?;
        }
    }
    Ok(Ending::Done)
}

async fn health(client: &Client, output: &Output) -> Result<Ending> {
    let (status, text) = client.raw(Method::GET, "/health/detailed", None, None).await?;
    // A server that is down says why, too.
    let health: DetailedHealth = match serde_json::from_str(&text) {
        Ok(health) => health,
        Err(_) => bail!("the server returned {status}: {text}"),
    };
    output.result(&health, || {
        let rows: Vec<_> = health
            .checks
            .iter()
            .map(|(name, check)| {
                let style = if check.status == Fitness::Ok { Style::Good } else { Style::Bad };
                let took = check.duration_ms.map(|took| format!("{took} ms")).unwrap_or_default();
                vec![name.clone(), output.style(style, check.status.as_str()), took, check.message.clone()]
            })
            .collect();
        format!(
            "{}: Tasker {}\n{}",
            health.status,
            health.version,
            table(&["CHECK", "STATUS", "TOOK", ""], &rows)
        )
    })?;
    Ok(if health.status == Fitness::Ok.as_str() { Ending::Done } else { Ending::TaskDidNotComplete })
}

fn worker(host: &Host) -> Vec<String> {
    let status = match host.status {
        HostPresence::Present => "present",
        HostPresence::Silent => "silent",
        HostPresence::Left => "left",
    };
    let time = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M:%S").to_string();
    vec![
        host.name.clone(),
        status.to_owned(),
        format!("{}/{}", host.running, host.capacity),
        host.release.clone(),
        time(host.started_at),
        time(host.seen_at),
    ]
}

fn queue(depth: &QueueDepth) -> Vec<String> {
    let oldest = depth.oldest_seconds.map(|seconds| TimeDelta::milliseconds((seconds * 1000.0) as i64));
    vec![
        depth.name.clone(),
        depth.ready.to_string(),
        depth.delayed.to_string(),
        depth.in_flight.to_string(),
        oldest.map(duration).unwrap_or_default(),
    ]
}
