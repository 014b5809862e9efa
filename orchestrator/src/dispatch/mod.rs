//! Sends steps to hosts.

mod dispatcher;
mod message;
mod sent;
mod traced;

pub(crate) use dispatcher::{Dispatcher, Unsendable};
pub(crate) use sent::Sent;
