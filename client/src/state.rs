//! The states of tasks and steps.

use crate::open_enum::open_enum;

open_enum! {
    /// The state of a task.
    pub enum TaskState {
        /// Created. Occurs in the audit only.
        Pending = "pending",
        /// Its first steps are determined. Occurs in the audit only.
        Initializing = "initializing",
        /// Ready steps are enqueued. Occurs in the audit only.
        EnqueuingSteps = "enqueuing_steps",
        /// Steps are enqueued or running.
        StepsInProcess = "steps_in_process",
        /// A step has ended; the next steps are determined. Occurs in the audit only.
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

open_enum! {
    /// The state of a step.
    pub enum StepState {
        /// Its dependencies are not yet satisfied.
        Pending = "pending",
        /// In the queue, or about to be sent.
        Enqueued = "enqueued",
        /// A host runs it.
        InProgress = "in_progress",
        /// A success was reported. Occurs in the audit only.
        EnqueuedForOrchestration = "enqueued_for_orchestration",
        /// A failure was reported. Occurs in the audit only.
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
    /// Whether the task stays in this state until somebody acts: it has ended, or is blocked by failures.
    pub fn is_at_rest(&self) -> bool {
        matches!(
            self,
            Self::Complete | Self::Error | Self::Cancelled | Self::ResolvedManually | Self::BlockedByFailures
        )
    }
}
