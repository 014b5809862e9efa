//! Failures that the host reports. Every message states what happened and what to do.

use std::time::Duration;

use tasker_protocol::{Failure, FailureOrigin, Limits, StepDispatch};

use super::breach::Breach;
use crate::ComponentError;

/// A failure without the fields that only handlers set.
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

/// A limit was exceeded. The message names the setting to raise.
fn limit(step: &str, error_type: &str, what: &str, key: &str, retryable: bool) -> Failure {
    let message = format!("{what}; if it needs more, raise `{key}` of step `{step}` in the template");
    failure(FailureOrigin::Limit, error_type, message, retryable)
}

/// The handler exceeded a limit that is checked while it runs.
pub(crate) fn breach(step: &str, limits: &Limits, breach: Breach) -> Failure {
    match breach {
        // Another attempt may have less work or a faster machine.
        Breach::Cpu => limit(
            step,
            "CpuTimeExceeded",
            &format!("the handler computed for more than {} ms", limits.cpu_ms),
            "limits.cpu_ms",
            true,
        ),
        Breach::Memory => limit(
            step,
            "MemoryLimitExceeded",
            &format!(
                "the handler requested more than {} bytes of memory, including what the host holds for it \
                 (requests, values, logs)",
                limits.memory_bytes
            ),
            "limits.memory_bytes",
            false,
        ),
        Breach::Tables => limit(
            step,
            "TableLimitExceeded",
            &format!("the handler requested more than {} table elements", limits.table_elements),
            "limits.table_elements",
            false,
        ),
    }
}

/// The handler exceeded its time limit.
pub(crate) fn wall_time(step: &str, limits: &Limits) -> Failure {
    let what = format!("the handler had not returned after {} ms, waiting included", limits.wall_ms);
    limit(step, "WallTimeExceeded", &what, "timeout_seconds", true)
}

/// The component has too many core instances.
pub(crate) fn instances(step: &str, limits: &Limits, found: u32) -> Failure {
    let what = format!("the component has {found} core instances, more than its {}", limits.instances);
    limit(step, "InstanceLimitExceeded", &what, "limits.instances", false)
}

/// The handler has too many open host resources.
pub(crate) fn handles(step: &str, limits: &Limits) -> Failure {
    let what = format!("the handler kept more than its {} host resources open at once", limits.handles);
    limit(step, "HandleLimitExceeded", &what, "limits.handles", false)
}

/// The step may use more memory than this host has for all handlers.
pub(crate) fn too_large(step: &str, limit: u64, total: u64) -> Failure {
    let message = format!(
        "step `{step}` may use {limit} bytes of memory, more than the {total} bytes that this host has for handlers: \
         lower `limits.memory_bytes` of the step in the template, or run the host with more memory \
         (`max_memory_bytes`)"
    );
    failure(FailureOrigin::Host, "MemoryUnavailable", message, false)
}

/// The handler made a request, and the step is granted no destination.
pub(crate) fn not_granted(step: &str) -> Failure {
    let message = format!(
        "the handler made a request through `wasi:http`, but step `{step}` is granted no destination: add the \
         destination, such as `https://api.example.com`, to the step's `grants.http` in the template"
    );
    failure(FailureOrigin::Host, "NotGranted", message, false)
}

/// The result is too large. Its size is known only if it could be read.
pub(crate) fn result_size(step: &str, limits: &Limits, found: Option<u64>) -> Failure {
    let found = found.map_or_else(String::new, |found| format!("{found} bytes, "));
    let what = format!("the handler returned {found}more than its {} bytes", limits.result_bytes);
    limit(step, "ResultTooLarge", &what, "limits.result_bytes", false)
}

/// The execution was cancelled.
pub(crate) fn cancelled(grace: Duration) -> Failure {
    let message = format!(
        "the step was cancelled, or its lease was lost; a running handler is given {} ms to stop",
        grace.as_millis()
    );
    failure(FailureOrigin::Host, "Cancelled", message, true)
}

/// The host is stopping.
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
