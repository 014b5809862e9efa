//! The resolutions of dead letters, as options name them.

use clap::ValueEnum;
use tasker_orchestrator::Resolution;

/// A resolution of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Word {
    /// Still open.
    Pending,
    /// Fixed.
    ManuallyResolved,
    /// Given up.
    PermanentlyFailed,
    /// No longer relevant.
    Cancelled,
    /// The failed steps of the tasks run again.
    Requeue,
}

impl Word {
    /// What it does to an entry.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Pending => "reopen",
            Self::ManuallyResolved => "resolve",
            Self::PermanentlyFailed => "give up",
            Self::Cancelled => "cancel",
            Self::Requeue => "requeue",
        }
    }
}

impl From<Word> for Resolution {
    fn from(word: Word) -> Self {
        match word {
            Word::Pending => Self::Pending,
            Word::ManuallyResolved => Self::ManuallyResolved,
            Word::PermanentlyFailed => Self::PermanentlyFailed,
            Word::Cancelled => Self::Cancelled,
            Word::Requeue => Self::Requeue,
        }
    }
}
