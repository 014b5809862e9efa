//! Runs a plain WASI command as a handler: context as JSON on standard input, the result as JSON on standard output, exit
//! code 0 for success, 1 for a retryable and 2 for a permanent failure. `{"tasker": ...}` on standard output is an explicit
//! outcome.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tasker_protocol::{Ending, Failure, FailureOrigin, Payload, StepDispatch};

use super::failure::{failure, result_size};
use super::inputs::{Inputs, attributes};
use super::outcome::{Reported, handler_failure, invalid_answer};
use crate::capability::logs::Logs;
use crate::capability::wasi::Answer;

/// The input of a command: the fields of `step-context`, with JSON values instead of JSON text.
#[derive(Serialize)]
struct Context<'a> {
    handler: &'a str,
    task_id: &'a str,
    namespace: &'a str,
    task_name: &'a str,
    task_version: &'a str,
    step_name: &'a str,
    attempt: u32,
    max_attempts: u32,
    correlation_id: &'a str,
    task_input: &'a RawValue,
    configuration: &'a RawValue,
    dependency_results: Vec<DependencyResult<'a>>,
    cursor: Option<&'a RawValue>,
    checkpoint: Option<&'a RawValue>,
    trace_parent: Option<&'a str>,
    attributes: BTreeMap<&'static str, &'a RawValue>,
}

#[derive(Serialize)]
struct DependencyResult<'a> {
    step: &'a str,
    result: &'a RawValue,
}

/// The context as JSON.
pub(crate) fn context(dispatch: &StepDispatch, inputs: &Inputs<'_>) -> Result<Bytes, Failure> {
    let attribute = |(name, json)| Some((name, serde_json::from_str::<&RawValue>(json).ok()?));
    let attributes = attributes(dispatch).filter_map(attribute).collect();
    let context = Context {
        handler: &dispatch.handler.function,
        task_id: inputs.task_id(),
        namespace: &dispatch.namespace,
        task_name: &dispatch.task_name,
        task_version: &dispatch.task_version,
        step_name: &dispatch.step_name,
        attempt: dispatch.attempt,
        max_attempts: dispatch.max_attempts,
        correlation_id: &dispatch.correlation_id,
        task_input: inputs.task_input,
        configuration: &dispatch.configuration,
        dependency_results: inputs
            .dependencies
            .iter()
            .map(|(step, result)| DependencyResult { step, result })
            .collect(),
        cursor: dispatch.cursor.as_deref(),
        checkpoint: inputs.checkpoint,
        trace_parent: inputs.trace_parent(),
        attributes,
    };
    serde_json::to_vec(&context).map(Bytes::from).map_err(|error| {
        let message = format!("the step's context could not be written as JSON: {error}");
        failure(FailureOrigin::Host, "ContextUnwritable", message, false)
    })
}

/// The only key of an explicit outcome: `{"tasker": {"checkpoint": 7}}`. Any other document is a result.
const ENVELOPE: &str = "tasker";

/// An explicit outcome in the output of a command.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum CommandOutcome {
    Complete(Box<RawValue>),
    Branch(Branch),
    Batch(Batch),
    Checkpoint(Box<RawValue>),
    Failure(PartialFailure),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Branch {
    steps: Vec<String>,
    #[serde(default = "null")]
    result: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    cursors: Vec<Box<RawValue>>,
    #[serde(default = "null")]
    result: Box<RawValue>,
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

/// A failure in the output of a command. Missing fields follow from the exit code.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PartialFailure {
    error_type: Option<String>,
    message: Option<String>,
    retryable: Option<bool>,
    retry_after_ms: Option<u64>,
    details: Option<Box<RawValue>>,
}

/// The ending for a command's exit code and output.
pub(crate) fn ending(dispatch: &StepDispatch, exit_code: i32, answer: &Answer, logs: &Logs) -> Ending {
    let Some(output) = answer.take() else {
        return Ending::Failed(result_size(&dispatch.step_name, &dispatch.limits, None));
    };
    match explicit(&output) {
        Ok(Some(CommandOutcome::Failure(said))) => Ending::Failed(failed(exit_code, said, logs)),
        // The exit code says that the outcome, or the result, is not to be used.
        _ if exit_code != 0 => Ending::Failed(failed(exit_code, PartialFailure::default(), logs)),
        Ok(Some(CommandOutcome::Complete(result))) => Ending::Complete(Payload::Inline(result)),
        Ok(Some(CommandOutcome::Branch(Branch { steps, result }))) => {
            Ending::Branch { steps, result: Payload::Inline(result) }
        }
        Ok(Some(CommandOutcome::Batch(Batch { cursors, result }))) => {
            Ending::Batch { cursors, result: Payload::Inline(result) }
        }
        Ok(Some(CommandOutcome::Checkpoint(state))) => Ending::Checkpoint(Payload::Inline(state)),
        Ok(None) => result(&output).map_or_else(Ending::Failed, Ending::Complete),
        Err(failure) => Ending::Failed(failure),
    }
}

/// The explicit outcome in the output, if there is one.
fn explicit(output: &[u8]) -> Result<Option<CommandOutcome>, Failure> {
    let Ok(document) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(output) else { return Ok(None) };
    let Some(outcome) = document.get(ENVELOPE).filter(|_| document.len() == 1) else { return Ok(None) };
    serde_json::from_str(outcome.get()).map(Some).map_err(|error| {
        invalid_answer(&format!(
            "the value of `tasker` in its output is no outcome: {error}. Write `complete`, `branch`, `batch`, \
             `checkpoint` or `failure`; a result that has this form is written {{\"tasker\": {{\"complete\": ...}}}}"
        ))
    })
}

/// The document that a command wrote.
fn result(output: &[u8]) -> Result<Payload, Failure> {
    let output = output.trim_ascii();
    if output.is_empty() {
        return Ok(Payload::null());
    }
    serde_json::from_slice(output).map(Payload::Inline).map_err(|error| {
        invalid_answer(&format!(
            "standard output is not one JSON document: {error}. Write logs to standard error"
        ))
    })
}

fn failed(exit_code: i32, said: PartialFailure, logs: &Logs) -> Failure {
    let message = said.message.or_else(|| logs.error_tail());
    handler_failure(Reported {
        error_type: said.error_type.unwrap_or_else(|| "CommandFailed".to_owned()),
        message: message.unwrap_or_else(|| format!("the command exited with code {exit_code}")),
        retryable: said.retryable.unwrap_or(exit_code != 2),
        retry_after_ms: said.retry_after_ms,
        details: said.details,
    })
}
