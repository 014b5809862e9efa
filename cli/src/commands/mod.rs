//! The commands, one file for each, and what several of them do.

pub(crate) mod build;
pub(crate) mod config;
pub(crate) mod deploy;
pub(crate) mod dev;
pub(crate) mod dlq;
pub(crate) mod event;
mod event_test;
mod follow;
pub(crate) mod handler;
mod import;
mod incoming;
pub(crate) mod new;
mod operate;
pub(crate) mod publish;
mod request;
pub(crate) mod serve;
pub(crate) mod step;
pub(crate) mod task;
pub(crate) mod template;
pub(crate) mod trigger;
pub(crate) mod worker;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Done,
    TaskDidNotComplete,
}

/// Cancelled by Ctrl-C or a polite request to stop. The second one ends the process where it stands.
pub(crate) fn stop_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let signalled = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if signalled.is_cancelled() {
                std::process::exit(130);
            }
            signalled.cancel();
        }
    });
    Ok(stop)
}
