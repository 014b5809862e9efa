//! `tasker deploy`.

mod command;
mod release;
mod signing;
mod tool;
mod upload;

pub(crate) use command::{Arguments, run};
