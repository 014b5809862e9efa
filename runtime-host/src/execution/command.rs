//! Runs a plain WASI command as a handler: context as JSON on standard input, outcome as JSON on standard
//! output, exit code 0 for success, 1 for a retryable and 2 for a permanent failure.

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
        trace_parent: dispatch.traceparent.as_deref(),
        attributes,
    };
    serde_json::to_vec(&context).map(Bytes::from).map_err(|error| {
        let message = format!("the step's context could not be written as JSON: {error}");
        failure(FailureOrigin::Host, "ContextUnwritable", message, false)
    })
}

/// An explicit outcome in the output of a command.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum CommandOutcome {
    Complete(Box<RawValue>),
    Branch(Branch),
    Batch(Batch),
    Checkpoint(Box<RawValue>),
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

/// The ending for a command's exit code and output.
pub(crate) fn ending(dispatch: &StepDispatch, exit_code: i32, answer: &Answer, logs: &Logs) -> Ending {
    let Some(output) = answer.take() else {
        return Ending::Failed(result_size(&dispatch.step_name, &dispatch.limits, None));
    };
    if exit_code == 0 {
        return success(&output).unwrap_or_else(Ending::Failed);
    }
    Ending::Failed(failed(exit_code, &output, logs))
}

fn success(output: &[u8]) -> Result<Ending, Failure> {
    let output = output.trim_ascii();
    if output.is_empty() {
        return Ok(Ending::Complete(Payload::null()));
    }
    let document: Box<RawValue> = serde_json::from_slice(output).map_err(|error| {
        invalid_answer(&format!(
            "standard output is not one JSON document: {error}. Write logs to standard error"
        ))
    })?;
    // Any other document is the result itself.
    Ok(match serde_json::from_str(document.get()) {
        Ok(CommandOutcome::Complete(result)) => Ending::Complete(Payload::Inline(result)),
        Ok(CommandOutcome::Branch(branch)) => {
            Ending::Branch { steps: branch.steps, result: Payload::Inline(branch.result) }
        }
        Ok(CommandOutcome::Batch(batch)) => {
            Ending::Batch { cursors: batch.cursors, result: Payload::Inline(batch.result) }
        }
        Ok(CommandOutcome::Checkpoint(state)) => Ending::Checkpoint(Payload::Inline(state)),
        Err(_) => Ending::Complete(Payload::Inline(document)),
    })
}

/// A failure in the output of a command. Missing fields follow from the exit code.
#[derive(Deserialize)]
struct PartialFailure {
    error_type: Option<String>,
    message: Option<String>,
    retryable: Option<bool>,
    retry_after_ms: Option<u64>,
    details: Option<Box<RawValue>>,
}

fn failed(exit_code: i32, output: &[u8], logs: &Logs) -> Failure {
    let said: Option<PartialFailure> = serde_json::from_slice(output).ok();
    let said = said.unwrap_or(PartialFailure {
        error_type: None,
        message: None,
        retryable: None,
        retry_after_ms: None,
        details: None,
    });
    let message = said.message.or_else(|| logs.error_tail());
    handler_failure(Reported {
        error_type: said.error_type.unwrap_or_else(|| "CommandFailed".to_owned()),
        message: message.unwrap_or_else(|| format!("the command exited with code {exit_code}")),
        retryable: said.retryable.unwrap_or(exit_code != 2),
        retry_after_ms: said.retry_after_ms,
        details: said.details,
    })
}
