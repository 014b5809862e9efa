//! The server: whether it answers, and how it, its workers and its queues do.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use tasker_api::{DetailedHealth, Meta, Page};
use tasker_orchestrator::{Fitness, Host, HostPresence, QueueDepth};

use super::finding::{Area, Finding};
use crate::{
    client::{Client, Method},
    config::ProjectConfig,
};

/// The age of a message from which on a queue is behind.
const OLD_MESSAGE_SECONDS: f64 = 60.0;

pub(super) async fn look(project: &ProjectConfig) -> Vec<Finding> {
    let mut area = Area::new("server");
    let url = project.config.server.url();
    let client = match Client::of(project) {
        Ok(client) => client,
        Err(error) => {
            area.error(format!("{error:#}"), "correct `--server`, TASKER_URL or the profile");
            return area.into_findings();
        }
    };
    let meta: Meta = match client.get("/v1/meta").await {
        Ok(meta) => meta,
        Err(error) => {
            area.skipped(
                format!("{url} does not answer: {error:#}"),
                "start `tasker dev` or `tasker serve`, or name it with --server",
            );
            return area.into_findings();
        }
    };
    area.ok(format!("{url} answers; authentication: {}", meta.authentication));
    if let Some(health) =
        read::<DetailedHealth>(&mut area, &client, "/health/detailed", "system:health_read").await
    {
        of_health(&mut area, &health);
        if let Some(workers) =
            read::<Page<Host>>(&mut area, &client, "/v1/workers?limit=1000", "workers:read").await
        {
            let waiting = health.open_steps.get("enqueued").copied().unwrap_or(0);
            of_workers(&mut area, &workers.items, waiting, Utc::now());
        }
    }
    if let Some(queues) = read::<Page<QueueDepth>>(&mut area, &client, "/v1/queues", "queues:read").await {
        of_queues(&mut area, &queues.items);
    }
    area.into_findings()
}

/// Reads a path. A server that is down says why, too.
async fn read<T: DeserializeOwned>(
    area: &mut Area,
    client: &Client,
    path: &str,
    permission: &str,
) -> Option<T> {
    let (status, text) = match client.raw(Method::GET, path, None, None).await {
        Ok(answer) => answer,
        Err(error) => {
            area.error(format!("{path}: {error:#}"), "see the server's log");
            return None;
        }
    };
    if [401, 403].contains(&status) {
        area.skipped(
            format!("{path} may not be read"),
            &format!("use a key with the permission `{permission}`"),
        );
        return None;
    }
    let found = serde_json::from_str(&text);
    if found.is_err() {
        area.error(format!("{path} returned {status}"), "see the server's log");
    }
    found.ok()
}

fn of_health(area: &mut Area, health: &DetailedHealth) {
    let own = env!("CARGO_PKG_VERSION");
    if health.version != own {
        area.warning(
            format!("it is Tasker {}, and this program {own}", health.version),
            "use the same release: commands may send what the other does not know",
        );
    }
    for (name, check) in &health.checks {
        match check.status {
            Fitness::Ok => area.ok(format!("{name}: {}", check.message)),
            Fitness::Degraded => {
                area.warning(format!("{name}: {}", check.message), "docs/observability.md has what to do");
            }
            Fitness::Down => {
                area.error(format!("{name}: {}", check.message), "docs/observability.md has what to do");
            }
        }
    }
    if let Some(fault) = &health.tokens {
        area.warning(
            format!("tokens cannot be verified: {fault}"),
            "check `auth.jwks_url`, and that the server reaches it",
        );
    }
}

fn of_workers(area: &mut Area, workers: &[Host], waiting: i64, now: DateTime<Utc>) {
    let present: Vec<&Host> = workers.iter().filter(|host| host.status == HostPresence::Present).collect();
    for silent in workers.iter().filter(|host| host.status == HostPresence::Silent) {
        area.warning(
            format!(
                "the worker {} was last heard of {} s ago",
                silent.name,
                (now - silent.seen_at).num_seconds()
            ),
            "see whether it runs and reaches its queues; its steps run again elsewhere when their leases end",
        );
    }
    if present.is_empty() && waiting > 0 {
        area.error(format!("{waiting} steps wait, and no worker is there"), "start `tasker worker`");
    } else if !present.is_empty() {
        let (running, capacity) = present
            .iter()
            .fold((0, 0), |(running, capacity), host| (running + host.running, capacity + host.capacity));
        area.ok(format!("{} workers run {running} steps of {capacity} at once", present.len()));
        if running >= capacity && waiting > i64::from(capacity) {
            area.warning(
                format!("all workers are busy, and {waiting} steps wait"),
                "start more workers, or raise `worker.concurrency`",
            );
        }
    }
    let mut releases: Vec<&str> = present.iter().map(|host| host.release.as_str()).collect();
    releases.sort_unstable();
    releases.dedup();
    if releases.len() > 1 {
        area.warning(
            format!("workers of several releases run: {}", releases.join(", ")),
            "finish the update",
        );
    }
}

fn of_queues(area: &mut Area, queues: &[QueueDepth]) {
    for queue in queues {
        let oldest = queue.oldest_seconds.unwrap_or(0.0);
        if oldest > OLD_MESSAGE_SECONDS {
            area.warning(
                format!(
                    "the oldest message of {} waits since {oldest:.0} s; {} are ready",
                    queue.name, queue.ready
                ),
                "see whether workers (steps) and orchestrators (reports) run and keep up",
            );
        }
    }
}
