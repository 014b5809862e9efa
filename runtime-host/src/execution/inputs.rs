//! What a handler is given, read from the dispatch.

use serde_json::value::RawValue;
use tasker_protocol::{Failure, Payload, StepDispatch};
use uuid::fmt::Hyphenated;

use super::{failure, traced::Traced};

/// The handler's inputs, borrowed from the dispatch.
pub(crate) struct Inputs<'a> {
    task_id: [u8; Hyphenated::LENGTH],
    pub(crate) task_input: &'a RawValue,
    pub(crate) checkpoint: Option<&'a RawValue>,
    pub(crate) dependencies: Vec<(&'a str, &'a RawValue)>,
    /// The trace context of the task's request.
    came: Option<&'a str>,
    /// That of this execution, if this process exports traces.
    traced: Option<&'a str>,
}

impl<'a> Inputs<'a> {
    pub(super) fn gather(dispatch: &'a StepDispatch, traced: Option<&'a Traced>) -> Result<Self, Failure> {
        let mut task_id = [0; Hyphenated::LENGTH];
        dispatch.task_id.hyphenated().encode_lower(&mut task_id);
        Ok(Self {
            task_id,
            task_input: inline(&dispatch.input, "the task's input")?,
            checkpoint: dispatch
                .checkpoint
                .as_ref()
                .map(|saved| inline(saved, "the checkpoint"))
                .transpose()?,
            dependencies: dispatch
                .dependency_results
                .iter()
                .map(|dependency| {
                    Ok((dependency.step.as_str(), inline(&dependency.result, "a dependency's result")?))
                })
                .collect::<Result<_, Failure>>()?,
            came: dispatch.traceparent.as_deref(),
            traced: traced.map(|traced| traced.traceparent.as_str()),
        })
    }

    /// What the handler passes on to the systems that it calls.
    pub(crate) fn trace_parent(&self) -> Option<&'a str> {
        self.traced.or(self.came)
    }

    /// What the host adds to the handler's requests.
    pub(crate) fn of_traced(&self) -> Option<&'a str> {
        self.traced
    }

    /// The task id as text.
    pub(crate) fn task_id(&self) -> &str {
        // Hyphenated ids are ASCII, so this cannot fail.
        std::str::from_utf8(&self.task_id).unwrap_or_default()
    }
}

/// Additional attributes of the context, by name.
pub(crate) fn attributes(dispatch: &StepDispatch) -> impl Iterator<Item = (&'static str, &str)> {
    dispatch.batch.iter().flat_map(|batch| {
        [
            ("batch_metadata", batch.metadata.get()),
            ("is_no_op", if batch.is_no_op { "true" } else { "false" }),
        ]
    })
}

fn inline<'a>(payload: &'a Payload, what: &str) -> Result<&'a RawValue, Failure> {
    match payload {
        Payload::Inline(json) => Ok(json),
        Payload::Blob(_) => Err(failure::unresolved(what)),
    }
}
