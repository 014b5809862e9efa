//! `tasker event`, one file per subcommand. (`test_command.rs` is `tasker event test`; it contains no tests.)

mod command;
mod events;
mod list;
mod published;
mod received;
mod reception;
mod replay;
mod send;
mod subscription;
mod subscriptions;
mod test_command;
mod watch;

pub(crate) use command::{Command, run};
pub(crate) use test_command::tried;
