//! The failures that the host itself reports. Each says what happened and what to do.

use std::time::Duration;

use tasker_protocol::{Failure, FailureOrigin, Limits, StepDispatch};

use super::limiter::Breach;
use crate::ComponentError;

/// A failure without the parts that only handlers fill.
pub(crate) fn failure(origin: FailureOrigin, error_type: &str, message: String, retryable: bool) -> Failure {
    Failure {
        error_type: error_type.to_owned(),
        message,
        retryable,
        retry_after_ms: None,
        details: None,
        origin,
    }
}

/// A limit was passed, and how to raise it.
fn limit(step: &str, error_type: &str, what: &str, key: &str, retryable: bool) -> Failure {
    let message = format!("{what}; if it needs more, raise `{key}` of step `{step}` in the template");
    failure(FailureOrigin::Limit, error_type, message, retryable)
}

/// The handler passed one of the limits that are checked while it runs.
pub(crate) fn breach(step: &str, limits: &Limits, breach: Breach) -> Failure {
    match breach {
        // Another attempt may find less to do, or a faster machine.
        Breach::Cpu => limit(
            step,
            "CpuTimeExceeded",
            &format!("the handler computed for more than its {} ms", limits.cpu_ms),
            "limits.cpu_ms",
            true,
        ),
        Breach::Memory => limit(
            step,
            "MemoryLimitExceeded",
            &format!("the handler asked for more than its {} bytes of memory", limits.memory_bytes),
            "limits.memory_bytes",
            false,
        ),
        Breach::Tables => limit(
            step,
            "TableLimitExceeded",
            &format!("the handler asked for more than its {} table elements", limits.table_elements),
            "limits.table_elements",
            false,
        ),
    }
}

/// It ran for longer than it may.
pub(crate) fn wall_time(step: &str, limits: &Limits) -> Failure {
    let what = format!("the handler had not answered after {} ms, waiting included", limits.wall_ms);
    limit(step, "WallTimeExceeded", &what, "timeout_seconds", true)
}

/// It consists of too many instances.
pub(crate) fn instances(step: &str, limits: &Limits, found: u32) -> Failure {
    let what =
        format!("the component consists of {found} core instances, more than its {}", limits.instances);
    limit(step, "InstanceLimitExceeded", &what, "limits.instances", false)
}

/// It keeps too many host resources open.
pub(crate) fn handles(step: &str, limits: &Limits) -> Failure {
    let what = format!("the handler kept more than its {} host resources open at once", limits.handles);
    limit(step, "HandleLimitExceeded", &what, "limits.handles", false)
}

/// Its answer is too large. The size is known only if the answer could be read at all.
pub(crate) fn result_size(step: &str, limits: &Limits, found: Option<u64>) -> Failure {
    let found = found.map_or_else(String::new, |found| format!("{found} bytes, "));
    let what = format!("the handler answered with {found}more than its {} bytes", limits.result_bytes);
    limit(step, "ResultTooLarge", &what, "limits.result_bytes", false)
}

/// Nobody waits for it any more.
pub(crate) fn deadline_passed() -> Failure {
    let message = "the attempt's deadline passed before the handler had answered".to_owned();
    failure(FailureOrigin::Host, "DeadlinePassed", message, true)
}

/// It was asked to stop.
pub(crate) fn cancelled(grace: Duration) -> Failure {
    let message = format!(
        "the step was cancelled, or its lease was lost; a running handler is given {} ms to stop",
        grace.as_millis()
    );
    failure(FailureOrigin::Host, "Cancelled", message, true)
}

/// The host stops.
pub(crate) fn shutting_down() -> Failure {
    failure(FailureOrigin::Host, "HostShuttingDown", "the host is shutting down".to_owned(), true)
}

/// A payload was not fetched before the execution.
pub(crate) fn unresolved(what: &str) -> Failure {
    let message = format!("{what} is in the blob store and was not fetched before the step ran");
    failure(FailureOrigin::Host, "PayloadUnresolved", message, true)
}

/// The component could not be loaded.
pub(crate) fn component(dispatch: &StepDispatch, error: &ComponentError) -> Failure {
    let error_type = match error {
        ComponentError::MissingImports { .. } => "MissingImport",
        ComponentError::Source(_) => "ComponentUnavailable",
        ComponentError::WrongWorld(_) | ComponentError::NoHandlers => "NotAHandlerComponent",
        ComponentError::Compile(_) => "CompilationFailed",
        _ => "ComponentUnusable",
    };
    let message = format!("handler `{}` cannot run: {error}", dispatch.handler.callable);
    failure(FailureOrigin::Host, error_type, message, error.retryable())
}
