//! The whole system from outside: runs the `tasker` program, and kills and stops its processes.

mod access;
mod analytics;
mod bulk;
mod bulk_kill;
mod cluster;
mod commands;
mod completion;
mod config;
mod dev;
mod follow;
mod generate;
mod growing;
mod kill;
mod login;
mod memory;
mod metrics;
mod operations;
mod operators;
mod outage;
mod profiles;
mod program;
mod project;
mod size;
mod templates;
mod triggers;
