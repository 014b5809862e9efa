//! The orchestrator against a real PostgreSQL.

mod creation;
mod fixture;
mod hostile;
mod queues;
mod reports;
mod states;
mod templates;
