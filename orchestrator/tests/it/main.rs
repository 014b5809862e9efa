//! The orchestrator against a real PostgreSQL.

mod batches;
mod conformance;
mod continuation;
mod couriers;
mod creation;
mod decisions;
mod events;
mod fields;
mod fixture;
mod format;
mod function_sets;
mod hostile;
mod lifecycle;
mod logins;
mod one_home;
mod operators;
mod queues;
mod reports;
mod states;
mod straight_line;
mod sweeps;
mod templates;
mod transitions;
mod triggers;
mod versions;
mod visits;
