//! What a moment of a task is spent on.

use std::collections::BTreeMap;

use serde::Serialize;

/// Microseconds: a time since the creation of the task, or a duration.
pub(super) type Micros = i64;

/// What a moment is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A step waits for others: those that it depends on, or those of its batch.
    Dependencies,
    /// A step waits for a host, its sandbox included.
    Queue,
    /// A handler computes.
    Computing,
    /// A handler waits for something else: a service, a value, a clock.
    Waiting,
    /// An execution that has not ended: what it does is known then.
    Running,
    /// An execution whose host was lost.
    Lost,
    /// The end of an execution is known to its host, and not yet stored.
    Report,
    /// A failed step waits for its next attempt.
    Retry,
    /// An operator has to act: after a failure for good, in a pause, before a rerun.
    People,
}

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::Dependencies,
        Self::Queue,
        Self::Computing,
        Self::Waiting,
        Self::Running,
        Self::Lost,
        Self::Report,
        Self::Retry,
        Self::People,
    ];

    /// For a table.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Dependencies => "waits for other steps",
            Self::Queue => "queue and sandbox",
            Self::Computing => "handler computes",
            Self::Waiting => "handler waits",
            Self::Running => "runs now",
            Self::Lost => "lost with its host",
            Self::Report => "report",
            Self::Retry => "waits for a retry",
            Self::People => "waits for people",
        }
    }

    /// For a drawing: told apart without red and green.
    pub(super) fn colour(self) -> &'static str {
        match self {
            Self::Dependencies => "#e5e7eb",
            Self::Queue => "#fbbf24",
            Self::Computing => "#1d4ed8",
            Self::Waiting => "#60a5fa",
            Self::Running => "#0ea5e9",
            Self::Lost => "#111827",
            Self::Report => "#a78bfa",
            Self::Retry => "#f97316",
            Self::People => "#be185d",
        }
    }
}

/// How much time went into each kind. Kinds without any are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Parts(BTreeMap<Kind, Micros>);

impl Parts {
    pub(super) fn add(&mut self, kind: Kind, time: Micros) {
        if time > 0 {
            *self.0.entry(kind).or_default() += time;
        }
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (kind, time) in &other.0 {
            self.add(*kind, *time);
        }
    }

    pub(super) fn of(&self, kind: Kind) -> Micros {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    pub(super) fn sum(&self) -> Micros {
        self.0.values().sum()
    }
}
