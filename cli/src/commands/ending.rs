//! The outcome of a command, which determines the exit code.

/// The outcome of a command that did not fail.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Exit code 0.
    Done,
    /// Exit code 1: what is wrong has been printed.
    Failed,
    /// Exit code 3: a task did not complete or was refused, the tested event would not start one, or a service is not well.
    TaskDidNotComplete,
    /// Exit code 2: the settings do not allow it.
    Refused(anyhow::Error),
}
