//! The states of tasks and steps, and which follow which: the one definition, against which the database is tested.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every state.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name everywhere outside Rust.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The state of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    };
}

states! {
    /// Where a task stands.
    TaskState {
        /// Created, not yet looked at.
        Pending = "pending",
        /// Its first steps are being found.
        Initializing = "initializing",
        /// Ready steps are being put on the queue.
        EnqueuingSteps = "enqueuing_steps",
        /// Steps are enqueued or running.
        StepsInProcess = "steps_in_process",
        /// A step has ended; what follows is being worked out.
        EvaluatingResults = "evaluating_results",
        /// Nothing is ready, running or failed: it waits for something outside.
        WaitingForDependencies = "waiting_for_dependencies",
        /// Nothing runs; a step's next attempt is due later.
        WaitingForRetry = "waiting_for_retry",
        /// A step has failed for good, and an operator must decide.
        BlockedByFailures = "blocked_by_failures",
        /// Every step is done.
        Complete = "complete",
        /// Given up.
        Error = "error",
        /// Cancelled.
        Cancelled = "cancelled",
        /// An operator declared it done.
        ResolvedManually = "resolved_manually",
    }
}

states! {
    /// Where a step stands.
    StepState {
        /// Its dependencies are not yet satisfied.
        Pending = "pending",
        /// On the queue, or about to be.
        Enqueued = "enqueued",
        /// A host runs it.
        InProgress = "in_progress",
        /// A success has been reported.
        EnqueuedForOrchestration = "enqueued_for_orchestration",
        /// A failure has been reported.
        EnqueuedAsErrorForOrchestration = "enqueued_as_error_for_orchestration",
        /// An attempt failed; the next is due later.
        WaitingForRetry = "waiting_for_retry",
        /// Done.
        Complete = "complete",
        /// Failed for good, as far as the engine goes.
        Error = "error",
        /// Cancelled.
        Cancelled = "cancelled",
        /// An operator declared it done.
        ResolvedManually = "resolved_manually",
    }
}

impl TaskState {
    /// Whether a task can be found in it. The others are passed through within one transaction; the audit shows them.
    pub fn is_stored(self) -> bool {
        !matches!(self, Self::Pending | Self::Initializing | Self::EnqueuingSteps | Self::EvaluatingResults)
    }

    /// Whether nothing but an operator can still change it.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Complete | Self::Error | Self::Cancelled | Self::ResolvedManually)
    }

    /// Whether the engine has nothing more to do: terminal, or blocked until an operator acts.
    pub fn is_at_rest(self) -> bool {
        self.is_terminal() || self == Self::BlockedByFailures
    }

    /// The states that may follow directly.
    pub fn successors(self) -> Vec<Self> {
        use TaskState as S;
        // Where a limit of the lifecycle may end it.
        let limited = matches!(self, S::StepsInProcess | S::WaitingForDependencies | S::WaitingForRetry);
        let next: &[S] = match self {
            S::Pending => &[S::Initializing],
            S::Initializing => &[S::EnqueuingSteps, S::Complete, S::WaitingForDependencies],
            S::EnqueuingSteps => &[S::StepsInProcess, S::Error],
            S::StepsInProcess => &[S::EvaluatingResults, S::WaitingForRetry],
            S::EvaluatingResults => &[
                S::Complete,
                S::EnqueuingSteps,
                S::StepsInProcess,
                S::WaitingForDependencies,
                S::BlockedByFailures,
                // A step completed while another waits for its retry and nothing else runs.
                S::WaitingForRetry,
            ],
            S::WaitingForDependencies => &[S::EvaluatingResults],
            // Evaluated at once when an operator has changed something.
            S::WaitingForRetry => &[S::EnqueuingSteps, S::EvaluatingResults],
            S::BlockedByFailures => &[S::Error, S::EvaluatingResults, S::ResolvedManually],
            // An operator resets a failed step, or runs the task again from one of its steps.
            S::Error | S::Complete | S::ResolvedManually => &[S::EvaluatingResults],
            S::Cancelled => &[],
        };
        let cancel = (!self.is_terminal()).then_some(S::Cancelled);
        next.iter().copied().chain(cancel).chain(limited.then_some(S::Error)).collect()
    }
}

impl StepState {
    /// Whether a step can be found in it. The others are passed through within one transaction; the audit shows them.
    pub fn is_stored(self) -> bool {
        !matches!(self, Self::EnqueuedForOrchestration | Self::EnqueuedAsErrorForOrchestration)
    }

    /// Whether it is settled for good.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled | Self::ResolvedManually)
    }

    /// Whether steps that depend on it may run.
    pub fn satisfies_dependents(self) -> bool {
        matches!(self, Self::Complete | Self::ResolvedManually)
    }

    /// The states that may follow directly.
    pub fn successors(self) -> Vec<Self> {
        use StepState as S;
        let next: &[S] = match self {
            S::Pending => &[S::Enqueued],
            S::Enqueued => &[S::InProgress, S::EnqueuedAsErrorForOrchestration, S::Error],
            S::InProgress => &[
                S::EnqueuedForOrchestration,
                S::EnqueuedAsErrorForOrchestration,
                S::WaitingForRetry,
                S::Error,
            ],
            // Enqueued again: it has saved a checkpoint, and is resumed from it.
            S::EnqueuedForOrchestration => &[S::Complete, S::Error, S::Enqueued],
            S::EnqueuedAsErrorForOrchestration => &[S::WaitingForRetry, S::Error],
            // An error without a try: its task is given up.
            S::WaitingForRetry => &[S::Enqueued, S::Error],
            S::Error => &[S::Enqueued],
            S::Complete | S::Cancelled | S::ResolvedManually => &[],
        };
        let operator: &[S] = match self {
            S::Complete | S::Cancelled => &[],
            S::ResolvedManually => &[S::Complete],
            _ => &[S::Cancelled, S::ResolvedManually, S::Complete],
        };
        // Whatever has left its place in the DAG can be put back there: the task is run again from a step before it.
        let rerun = (self != S::Pending).then_some(S::Pending);
        next.iter().chain(operator).copied().chain(rerun).collect()
    }
}
