//! Names an execution in log lines.

use tasker_protocol::StepDispatch;
use tasker_telemetry::ExecutionName;
use tracing::Span;

/// For a line about an execution: `about(&dispatch).in_scope(|| …)`.
pub(crate) fn about(dispatch: &StepDispatch) -> Span {
    name(dispatch).span()
}

/// For everything that is logged while it runs.
pub(crate) fn during(dispatch: &StepDispatch) -> Span {
    name(dispatch).while_it_runs()
}

fn name(dispatch: &StepDispatch) -> ExecutionName<'_> {
    ExecutionName {
        task: dispatch.task_id.into_bytes(),
        task_id: &dispatch.task_id,
        step: &dispatch.step_name,
        step_index: dispatch.step_index,
        execution: dispatch.execution,
        traceparent: dispatch.traceparent.as_deref(),
    }
}
