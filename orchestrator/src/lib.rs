//! The orchestrator: templates and releases, the state machines of tasks and steps, and the PostgreSQL functions that
//! move them. No WASM, HTTP or AWS.
//!
//! PostgreSQL stores all state, and SQL functions change it in one transaction per batch of events. This crate
//! validates input, calls these functions, and sends the resulting messages. Each event has a folder with its Rust
//! and its SQL.
#![forbid(unsafe_code)]

pub mod access;
pub mod analytics;
mod breakers;
pub mod bulk;
mod catalog;
mod condition;
mod create;
mod database;
mod dead_letters;
mod dispatch;
mod effect;
mod engine;
mod error;
pub mod events;
mod hosts;
mod intake;
mod labels;
mod lifecycle;
mod measure;
mod operate;
mod orchestrator;
mod publication;
mod queues;
pub mod read;
mod report;
mod retry;
mod run;
mod slice;
pub mod state;
mod sweep;
mod text;
pub mod triggers;

pub use catalog::{
    Bundle, Catalog, ComponentPublication, HandlerVersion, Publication, PublishedHandler, step_name,
};
pub use condition::{Checked, Fitness};
pub use create::{Creation, TaskCopy, TaskRequest};
pub use database::{FUNCTION_SET, LoginError, Newer, claim, make_login, migrate, newest_migration};
pub use dead_letters::Resolution;
pub use engine::{Dice, Engine};
pub use error::Error;
pub use events::Outlets;
pub use hosts::{Host, HostPresence};
pub use intake::{IntakeLimits, IntakeState, Place};
pub use operate::{Cancellation, Completion, StepAction, TaskAction};
pub use orchestrator::{Connections, Orchestrator, Settings};
pub use publication::{PublicationReport, PublishedPart};
pub use queues::{QueueDepth, Queues};
pub use report::Applied;
pub use run::PendingCreations;
pub use slice::Slice;
pub use sweep::Swept;
