//! What an operator sets about a host.

use std::path::PathBuf;

use serde::Deserialize;

/// The settings of one host. Every key has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostConfig {
    /// What this host is called in logs.
    pub name: String,
    /// Where compiled components are kept. Made private to this user: whoever writes here runs native code in
    /// the host. Default: `tasker-components` in the system's temporary folder, per user of the system.
    pub cache_dir: PathBuf,
    /// How many executions may run at once; the instance pool is sized from it. Default 100.
    pub max_concurrent: usize,
    /// The largest component that is accepted, in bytes of WebAssembly. Default 64 MiB.
    pub max_component_bytes: usize,
    /// How many components stay loaded; the least recently used one goes. Default 256.
    pub max_loaded_components: usize,
    /// A program that compiles components in a process of its own, so that no component can exhaust this one:
    /// run as `<program> compile-component <input> <output>`, it calls [`crate::compile_command`]. Without it,
    /// components are compiled in this process.
    pub compiler: Option<PathBuf>,
    /// How long compiling one component may take, in seconds. Default 120.
    pub compile_timeout_seconds: u64,
    /// How long a cancelled execution may go on, in milliseconds, before it is ended. Default 2,000.
    pub cancel_grace_ms: u64,
    /// The largest response body that a handler may read through `wasi:http`, in bytes. Default 64 MiB.
    pub max_http_response_bytes: u64,
    /// How many HTTP requests one execution may have in flight. Default 16.
    pub max_http_requests: usize,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            name: "host".to_owned(),
            cache_dir: default_cache_dir(),
            max_concurrent: 100,
            max_component_bytes: 64 << 20,
            max_loaded_components: 256,
            compiler: None,
            compile_timeout_seconds: 120,
            cancel_grace_ms: 2_000,
            max_http_response_bytes: 64 << 20,
            max_http_requests: 16,
        }
    }
}

/// One folder per user of the system: two users must not share native code.
fn default_cache_dir() -> PathBuf {
    std::env::temp_dir().join(format!("tasker-components-{}", rustix::process::getuid().as_raw()))
}
