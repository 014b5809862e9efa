//! The whole system from outside: runs the `tasker` program, and kills and stops its processes.

mod access;
mod bulk;
mod cluster;
mod commands;
mod dev;
mod growing;
mod kill;
mod login;
mod memory;
mod metrics;
mod operators;
mod outage;
mod profiles;
mod program;
mod project;
mod size;
mod templates;
mod triggers;
