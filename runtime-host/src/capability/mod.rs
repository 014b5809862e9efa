//! What a guest can do through the host, one file per capability.

pub(crate) mod config;
pub(crate) mod execution;
pub(crate) mod http;
pub(crate) mod key_value;
pub(crate) mod logging;
pub(crate) mod logs;
pub(crate) mod wasi;
