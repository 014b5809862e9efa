//! Classifies why a guest stopped without a result: a limit, a crash, or the host. Decides by error type,
//! never by message.

use std::fmt::Write;

use serde_json::json;
use tasker_protocol::{Failure, FailureOrigin, StepDispatch};
use wasmtime::component::ResourceTableError;
use wasmtime::{Error, PoolConcurrencyLimitError, Trap, WasmBacktrace};

use super::breach::Breach;
use super::failure::{breach, failure, handles, not_granted, result_size};
use super::state::most_handles;
use crate::capability::http::NotGranted;
use crate::capability::logs::Logs;

/// The maximum number of backtrace frames in a report.
const MAX_FRAMES: usize = 16;

/// The failure for an error of the engine.
pub(crate) fn crash(dispatch: &StepDispatch, error: &Error, instantiated: bool, logs: &Logs) -> Failure {
    let (step, limits) = (&dispatch.step_name, &dispatch.limits);
    if let Some(found) = error.downcast_ref::<Breach>() {
        return breach(step, limits, *found);
    }
    if error.is::<NotGranted>() {
        return not_granted(step);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        let affordable = most_handles(limits) >= limits.handles as usize;
        return if affordable { handles(step, limits) } else { breach(step, limits, Breach::Memory) };
    }
    if error.is::<PoolConcurrencyLimitError>() {
        let message = format!("the host had no capacity for the handler: {error:#}. It will be retried");
        return failure(FailureOrigin::Host, "HostAtCapacity", message, true);
    }
    let trap = error.downcast_ref::<Trap>();
    let backtrace = error.downcast_ref::<WasmBacktrace>();
    if trap.is_none() && backtrace.is_none() {
        return if instantiated {
            after_return(dispatch, error)
        } else {
            let message = format!("the component could not be instantiated: {error:#}");
            failure(FailureOrigin::Host, "InstantiationFailed", message, false)
        };
    }
    let error_type = match trap {
        Some(Trap::StackOverflow) => "StackOverflow",
        Some(Trap::UnreachableCodeReached) => "Panic",
        _ => "Trap",
    };
    let mut message = format!("the handler crashed: {}", error.root_cause());
    if let Some(tail) = logs.error_tail() {
        message.push_str("\nIts standard error ended with:\n");
        message.push_str(&tail);
    }
    let mut failure = failure(FailureOrigin::Crash, error_type, message, true);
    failure.details = backtrace.and_then(frames);
    failure
}

/// No guest code was running, so copying the return value failed.
fn after_return(dispatch: &StepDispatch, error: &Error) -> Failure {
    if error.is::<std::str::Utf8Error>() || error.is::<std::string::FromUtf8Error>() {
        return super::outcome::invalid_answer(&format!("{error:#}"));
    }
    // For guests of any toolchain, the only other cause is the limit on copied bytes.
    let mut failure = result_size(&dispatch.step_name, &dispatch.limits, None);
    let _ = write!(failure.message, " (its result could not be copied out: {error:#})");
    failure
}

fn frames(backtrace: &WasmBacktrace) -> Option<Box<serde_json::value::RawValue>> {
    let frames: Vec<String> = backtrace
        .frames()
        .iter()
        .take(MAX_FRAMES)
        .map(|frame| match frame.func_name() {
            Some(name) => function_name(name),
            None => format!("function {}", frame.func_index()),
        })
        .collect();
    serde_json::value::to_raw_value(&json!({ "backtrace": frames })).ok()
}

/// A function name, cut and cleaned, because it comes from the guest.
fn function_name(name: &str) -> String {
    crate::capability::logs::clean(&name[..name.floor_char_boundary(256)])
}
