//! The pool of connections to PostgreSQL, for the orchestrator and the providers on PostgreSQL.
#![forbid(unsafe_code)]

mod connect;
mod login;
mod pool;

pub use connect::{connect, prepare};
pub use login::Login;
pub use pool::Pool;
