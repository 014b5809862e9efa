//! Everything in one process: the private database, the build, the engine, the watch.

pub(crate) mod build;
pub(crate) mod engine;
pub(crate) mod signing;
pub(crate) mod triggers;
pub(crate) mod upload;
pub(crate) mod versions;
pub(crate) mod watch;
