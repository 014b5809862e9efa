//! What one execution may use at most.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The limits of one execution. Each has a default, and each is set per step under `limits:` in the template,
/// by the name of its field here. `wall_ms` comes from the step's `timeout_seconds` instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Time from start to end, waiting included, in milliseconds. Default 30,000.
    pub wall_ms: u64,
    /// Time spent computing, in milliseconds. Waiting for the network is not counted. Default 10,000.
    pub cpu_ms: u64,
    /// All linear memories of the execution together, in bytes. Default 128 MiB.
    pub memory_bytes: u64,
    /// All tables of the execution together, in elements. Default 20,000.
    pub table_elements: u64,
    /// Core module instances that the component may consist of. Default 32.
    pub instances: u32,
    /// Captured log text, in bytes; what exceeds it is dropped and counted. Default 64 KiB.
    pub log_bytes: u64,
    /// The outcome or failure in JSON, in bytes. Default 6 MiB.
    pub result_bytes: u64,
    /// Host resources (streams, requests, pollables) open at once. Default 256.
    pub handles: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_ms: 30_000,
            cpu_ms: 10_000,
            memory_bytes: 128 << 20,
            table_elements: 20_000,
            instances: 32,
            log_bytes: 64 << 10,
            result_bytes: 6 << 20,
            handles: 256,
        }
    }
}
