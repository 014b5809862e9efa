//! Resource limits of one execution.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The resource limits of one execution. Templates set each by its field name under a step's `limits:`,
/// except `wall_ms`, which comes from `timeout_seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Elapsed time, waiting included, in milliseconds. Default 30,000.
    pub wall_ms: u64,
    /// Computing time, in milliseconds. Waiting for the network does not count. Default 10,000.
    pub cpu_ms: u64,
    /// All linear memories, and what the host holds for the handler (requests, values, logs), in bytes. Default
    /// 128 MiB.
    pub memory_bytes: u64,
    /// The sum of all tables, in elements. Default 20,000.
    pub table_elements: u64,
    /// The number of core module instances in the component. Default 32.
    pub instances: u32,
    /// Captured log text, in bytes. Excess text is dropped and counted. Default 64 KiB.
    pub log_bytes: u64,
    /// The outcome or failure as JSON, in bytes. Default 6 MiB.
    pub result_bytes: u64,
    /// Host resources (streams, requests, pollables) that are open at once. Default 256.
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
