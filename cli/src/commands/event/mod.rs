//! `tasker event`, one file for each subcommand. (`test_command.rs` is `tasker event test`; it holds no tests.)

mod command;
mod events;
mod list;
mod received;
mod reception;
mod replay;
mod send;
mod subscriptions;
mod test_command;
mod watch;

pub(crate) use command::{Command, run};
