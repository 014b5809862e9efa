//! `tasker dev`.

mod command;
mod local;
mod watch;

pub(crate) use command::run;
pub(crate) use local::Local;
