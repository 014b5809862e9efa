//! Configuration of a host.

use std::path::PathBuf;

use serde::Deserialize;

use crate::Ceilings;

/// The configuration of a host. Every key has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostConfig {
    /// The name of this host in logs and reports.
    pub name: String,
    /// The folder of compiled components. It is made private to this user: anyone who can write to it can run
    /// native code in the host. Default: `tasker-components-<uid>` in the system's temporary folder.
    pub cache_dir: PathBuf,
    /// The maximum number of concurrent executions, which also sizes the instance pool. Default 100.
    pub max_concurrent: usize,
    /// The memory for handlers, in bytes: the sum of the memory limits of concurrent executions. Default: what this
    /// process may use (its control group, its Lambda function, or the machine), less an eighth for the host itself.
    pub max_memory_bytes: Option<u64>,
    /// The most that an execution gets, whatever its template says. Default: no ceilings.
    pub ceilings: Ceilings,
    /// The largest accepted component, in bytes of WebAssembly. Default 64 MiB.
    pub max_component_bytes: usize,
    /// The maximum number of loaded components. The least recently used one is unloaded. Default 256.
    pub max_loaded_components: usize,
    /// A program that compiles components in a child process, so that no component can exhaust this one. It
    /// runs as `<program> compile-component <input> <output>` and must call [`crate::compile_command`]. If
    /// absent, this process compiles components itself.
    pub compiler: Option<PathBuf>,
    /// The time limit for compiling one component, in seconds. Default 300.
    pub compile_timeout_seconds: u64,
    /// How long a cancelled execution may continue before it is stopped, in milliseconds. Default 2,000.
    pub cancel_grace_ms: u64,
    /// The largest response body that a handler may read through `wasi:http`, in bytes. Default 64 MiB.
    pub max_http_response_bytes: u64,
    /// The maximum number of HTTP requests in flight per execution. Default 16.
    pub max_http_requests: usize,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            name: "host".to_owned(),
            cache_dir: default_cache_dir(),
            max_concurrent: 100,
            max_memory_bytes: None,
            ceilings: Ceilings::default(),
            max_component_bytes: 64 << 20,
            max_loaded_components: 256,
            compiler: None,
            // Ruby takes 35 s of a processor.
            compile_timeout_seconds: 300,
            cancel_grace_ms: 2_000,
            max_http_response_bytes: 64 << 20,
            max_http_requests: 16,
        }
    }
}

/// One folder per user: users must not share native code.
fn default_cache_dir() -> PathBuf {
    std::env::temp_dir().join(format!("tasker-components-{}", rustix::process::getuid().as_raw()))
}
