//! Presence: a worker says that it is there, and how much it does.

use std::time::Duration;

use chrono::Utc;
use tasker_protocol::{HostStatus, OrchestratorMessage, VERSION, encode};
use tasker_transport::Message;
use tokio_util::sync::CancellationToken;

use super::Worker;
use crate::machine::Machine;

/// How often a worker says so. The orchestrator takes one for gone after three times.
const INTERVAL: Duration = Duration::from_secs(30);

impl Worker {
    /// Says so until `end` is cancelled, and then that it leaves.
    pub(super) async fn be_present(self, capacity: usize, end: CancellationToken) {
        let mut status = HostStatus {
            version: VERSION,
            instance: uuid::Uuid::now_v7(),
            host: self.0.host.name().to_owned(),
            release: env!("CARGO_PKG_VERSION").to_owned(),
            platform: format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
            started_at: Utc::now(),
            capacity: count(capacity),
            running: 0,
            components: 0,
            compiles: cfg!(feature = "compiler"),
            cpu_ms: None,
            memory_bytes: None,
            leaves: false,
        };
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !status.leaves {
            tokio::select! {
                () = end.cancelled() => status.leaves = true,
                _ = ticks.tick() => {}
            }
            let usage = Machine::here().process_usage();
            status.running = count(self.0.running.lock().len());
            status.components = count(self.0.host.loaded_components());
            (status.cpu_ms, status.memory_bytes) = (usage.cpu_ms, usage.memory_bytes);
            let body = encode(&OrchestratorMessage::Host(status.clone()));
            // The next message says the same.
            if let Err(error) = self.0.connections.reports.send(vec![Message::now(body)]).await {
                tracing::debug!(%error, "the presence of this host could not be sent");
            }
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
