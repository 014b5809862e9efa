//! One execution, from a dispatch to an `Execution`: creates a sandbox, calls the handler once, and destroys
//! the sandbox.

pub(crate) mod breach;
pub(crate) mod budget;
pub(crate) mod calls;
pub(crate) mod classify;
pub(crate) mod command;
pub(crate) mod control;
pub(crate) mod failure;
pub(crate) mod inputs;
pub(crate) mod limiter;
mod measured;
pub(crate) mod meter;
pub(crate) mod outcome;
pub(crate) mod pipeline;
pub(crate) mod state;
pub(crate) mod traced;
