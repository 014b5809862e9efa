//! Bulk operations: `tasker task bulk` begins one and follows it; `tasker bulk` lists, shows and stops them.

mod command;
mod order;
mod words;

pub(crate) use command::{Command, run};
pub(crate) use order::{Order, order};
