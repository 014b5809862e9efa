//! The capabilities that the host offers to guests, one file each.

pub(crate) mod config;
pub(crate) mod execution;
pub(crate) mod http;
pub(crate) mod key_value;
pub(crate) mod logging;
pub(crate) mod logs;
pub(crate) mod wasi;
