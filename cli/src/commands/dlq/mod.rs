//! `tasker dlq`: lists and resolves dead letters, and lists stale tasks.

mod bulk;
mod command;
mod filters;
mod resolution;
mod rows;

pub(crate) use command::{Command, run};
