//! The message by which a host says that it is there, and how much it does.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Host to orchestrator: sent at the start, every half minute, and at the end of a process. Informational: what becomes of a
/// step never depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostStatus {
    /// The message version, [`crate::VERSION`].
    pub version: u32,
    /// The process, a UUIDv7.
    pub instance: Uuid,
    /// The name of the host. Several processes may have it.
    pub host: String,
    /// The version of Tasker.
    pub release: String,
    /// The operating system and the processor: `linux/x86_64`.
    pub platform: String,
    /// When the process started.
    pub started_at: DateTime<Utc>,
    /// How many steps it runs at once, at most.
    pub capacity: u32,
    /// How many it runs now.
    pub running: u32,
    /// How many components it has loaded.
    pub components: u32,
    /// Whether it can compile components.
    pub compiles: bool,
    /// The processor time of the process since its start, in milliseconds, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u64>,
    /// The memory of the process, in bytes, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Whether the process is about to end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaves: bool,
}
