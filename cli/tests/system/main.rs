//! The whole system from outside: the `tasker` program, its processes killed and stopped at bad moments.

mod cluster;
mod commands;
mod counter;
mod dev;
mod growing;
mod kill;
mod operators;
mod program;
mod project;
mod size;
mod templates;
mod triggers;
