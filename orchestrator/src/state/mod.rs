//! The states of tasks and steps and their transitions. The single definition, against which the SQL is tested.

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

            /// The name of the state outside Rust.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Returns the state with this name.
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
    /// The state of a task.
    TaskState {
        /// Created.
        Pending = "pending",
        /// Its first steps are determined.
        Initializing = "initializing",
        /// Ready steps are enqueued.
        EnqueuingSteps = "enqueuing_steps",
        /// Steps are enqueued or running.
        StepsInProcess = "steps_in_process",
        /// A step has ended; the next steps are determined.
        EvaluatingResults = "evaluating_results",
        /// No step is ready, running or failed; steps wait for dependencies.
        WaitingForDependencies = "waiting_for_dependencies",
        /// No step runs; a retry is due later.
        WaitingForRetry = "waiting_for_retry",
        /// A step has failed for good and no other step can run; an operator must decide.
        BlockedByFailures = "blocked_by_failures",
        /// Every step is complete, resolved or isolated.
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
    /// The state of a step.
    StepState {
        /// Its dependencies are not yet satisfied.
        Pending = "pending",
        /// In the queue, or about to be sent.
        Enqueued = "enqueued",
        /// A host runs it.
        InProgress = "in_progress",
        /// A success was reported.
        EnqueuedForOrchestration = "enqueued_for_orchestration",
        /// A failure was reported.
        EnqueuedAsErrorForOrchestration = "enqueued_as_error_for_orchestration",
        /// An attempt failed; the next is due later.
        WaitingForRetry = "waiting_for_retry",
        /// Done.
        Complete = "complete",
        /// Failed for good, unless an operator resets it.
        Error = "error",
        /// Cancelled.
        Cancelled = "cancelled",
        /// An operator declared it done.
        ResolvedManually = "resolved_manually",
    }
}

impl TaskState {
    /// Whether a task can be stored in this state. The other states occur only within a transaction and in the audit.
    pub fn is_stored(self) -> bool {
        !matches!(self, Self::Pending | Self::Initializing | Self::EnqueuingSteps | Self::EvaluatingResults)
    }

    /// Whether only an operator can change a task in this state.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Complete | Self::Error | Self::Cancelled | Self::ResolvedManually)
    }

    /// Whether the engine has nothing more to do: the state is terminal, or an operator must act first.
    pub fn is_at_rest(self) -> bool {
        self.is_terminal() || self == Self::BlockedByFailures
    }

    /// Returns the states that may follow directly.
    pub fn successors(self) -> Vec<Self> {
        use TaskState as S;
        // A lifecycle limit may end these.
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
                // A step completed, another waits for its retry, and none runs.
                S::WaitingForRetry,
            ],
            S::WaitingForDependencies => &[S::EvaluatingResults],
            // An operator's change is evaluated at once.
            S::WaitingForRetry => &[S::EnqueuingSteps, S::EvaluatingResults],
            S::BlockedByFailures => &[S::Error, S::EvaluatingResults, S::ResolvedManually],
            // An operator resets a failed step, or reruns the task from one of its steps.
            S::Error | S::Complete | S::ResolvedManually => &[S::EvaluatingResults],
            S::Cancelled => &[],
        };
        let cancel = (!self.is_terminal()).then_some(S::Cancelled);
        next.iter().copied().chain(cancel).chain(limited.then_some(S::Error)).collect()
    }
}

impl StepState {
    /// Whether a step can be stored in this state. The other states occur only within a transaction and in the audit.
    pub fn is_stored(self) -> bool {
        !matches!(self, Self::EnqueuedForOrchestration | Self::EnqueuedAsErrorForOrchestration)
    }

    /// Whether the engine never changes a step in this state.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled | Self::ResolvedManually)
    }

    /// Whether dependent steps may run.
    pub fn satisfies_dependents(self) -> bool {
        matches!(self, Self::Complete | Self::ResolvedManually)
    }

    /// Returns the states that may follow directly.
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
            // `Enqueued` follows a checkpoint, from which the step resumes.
            S::EnqueuedForOrchestration => &[S::Complete, S::Error, S::Enqueued],
            S::EnqueuedAsErrorForOrchestration => &[S::WaitingForRetry, S::Error],
            // `Error` follows directly if the task is given up.
            S::WaitingForRetry => &[S::Enqueued, S::Error],
            S::Error => &[S::Enqueued],
            S::Complete | S::Cancelled | S::ResolvedManually => &[],
        };
        let operator: &[S] = match self {
            S::Complete | S::Cancelled => &[],
            S::ResolvedManually => &[S::Complete],
            _ => &[S::Cancelled, S::ResolvedManually, S::Complete],
        };
        // A rerun from an earlier step resets any step to pending.
        let rerun = (self != S::Pending).then_some(S::Pending);
        next.iter().chain(operator).copied().chain(rerun).collect()
    }
}
