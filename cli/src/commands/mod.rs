//! The commands, one file or folder each, and what several of them share.

pub(crate) mod audit;
pub(crate) mod build;
pub(crate) mod config;
pub(crate) mod deploy;
pub(crate) mod dev;
pub(crate) mod dlq;
pub(crate) mod ending;
pub(crate) mod event;
mod follow;
pub(crate) mod handler;
mod import;
mod inspect;
pub(crate) mod key;
pub(crate) mod mcp;
pub(crate) mod new;
mod operate;
mod paging;
pub(crate) mod profile;
pub(crate) mod publish;
mod request;
pub(crate) mod serve;
pub(crate) mod step;
mod stop;
pub(crate) mod task;
pub(crate) mod template;
pub(crate) mod trigger;
pub(crate) mod worker;
