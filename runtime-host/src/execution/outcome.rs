//! Converts a handler's outcome to a message: checks sizes and JSON, cuts and cleans texts.

use serde_json::value::RawValue;
use tasker_protocol::{Ending, Failure, FailureOrigin, Payload, StepDispatch, raw_json};

use super::failure::{failure, result_size};
use crate::bindings::step_values;
use crate::capability::logs::clean;

/// The longest failure message, in bytes, as the contract states.
const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// The longest error type, in bytes.
const MAX_ERROR_TYPE_BYTES: usize = 128;

/// The ending for a handler's return value.
pub(crate) fn ending(
    dispatch: &StepDispatch,
    answer: Result<step_values::Outcome, step_values::Failure>,
) -> Ending {
    let size = match &answer {
        Ok(outcome) => outcome_size(outcome),
        Err(failure) => failure_size(failure),
    } as u64;
    if size > dispatch.limits.result_bytes {
        return Ending::Failed(result_size(&dispatch.step_name, &dispatch.limits, Some(size)));
    }
    match answer {
        Ok(outcome) => from_outcome(outcome).unwrap_or_else(Ending::Failed),
        Err(failure) => Ending::Failed(from_failure(failure)),
    }
}

fn outcome_size(outcome: &step_values::Outcome) -> usize {
    use step_values::Outcome::{Batch, Branch, Checkpoint, Complete};
    let sum = |texts: &[String]| texts.iter().map(String::len).sum::<usize>();
    match outcome {
        Complete(json) | Checkpoint(json) => json.len(),
        Branch(branch) => branch.result.len() + sum(&branch.steps),
        Batch(batch) => batch.result.len() + sum(&batch.cursors),
    }
}

fn failure_size(failure: &step_values::Failure) -> usize {
    failure.error_type.len() + failure.message.len() + failure.details.as_ref().map_or(0, String::len)
}

fn from_outcome(outcome: step_values::Outcome) -> Result<Ending, Failure> {
    use step_values::Outcome::{Batch, Branch, Checkpoint, Complete};
    Ok(match outcome {
        Complete(result) => Ending::Complete(payload("the result", result)?),
        Checkpoint(state) => Ending::Checkpoint(payload("the checkpoint", state)?),
        Branch(branch) => {
            Ending::Branch { steps: branch.steps, result: payload("the decision's result", branch.result)? }
        }
        Batch(batch) => Ending::Batch {
            cursors: batch
                .cursors
                .into_iter()
                .map(|cursor| json("a cursor", cursor))
                .collect::<Result<_, _>>()?,
            result: payload("the batch's result", batch.result)?,
        },
    })
}

fn payload(what: &str, text: String) -> Result<Payload, Failure> {
    json(what, text).map(Payload::Inline)
}

fn json(what: &str, text: String) -> Result<Box<RawValue>, Failure> {
    raw_json(text).map_err(|error| invalid_answer(&format!("{what} is not JSON: {error}")))
}

/// The handler returned an invalid value.
pub(crate) fn invalid_answer(what: &str) -> Failure {
    failure(
        FailureOrigin::Crash,
        "InvalidAnswer",
        format!("the handler returned an invalid outcome: {what}"),
        false,
    )
}

fn from_failure(failure: step_values::Failure) -> Failure {
    handler_failure(Reported {
        error_type: failure.error_type,
        message: failure.message,
        retryable: failure.retryable,
        retry_after_ms: failure.retry_after_ms,
        // Details are for people: keep invalid JSON as a string.
        details: failure
            .details
            .and_then(|details| raw_json(details.clone()).or_else(|_| quoted(&details)).ok()),
    })
}

fn quoted(text: &str) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::value::to_raw_value(text)
}

/// A failure as the handler reported it.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Reported {
    pub(crate) error_type: String,
    pub(crate) message: String,
    pub(crate) retryable: bool,
    #[serde(default)]
    pub(crate) retry_after_ms: Option<u64>,
    #[serde(default)]
    pub(crate) details: Option<Box<RawValue>>,
}

/// A failure from the handler. Its texts are untrusted: cut and clean them.
pub(crate) fn handler_failure(reported: Reported) -> Failure {
    Failure {
        error_type: cut(clean(&reported.error_type), MAX_ERROR_TYPE_BYTES),
        message: cut(clean_lines(&reported.message), MAX_MESSAGE_BYTES),
        retryable: reported.retryable,
        retry_after_ms: reported.retry_after_ms.filter(|_| reported.retryable),
        details: reported.details,
        origin: FailureOrigin::Handler,
    }
}

fn cut(mut text: String, limit: usize) -> String {
    text.truncate(text.floor_char_boundary(limit));
    text.shrink_to_fit();
    text
}

/// Like [`clean`], but keeps line breaks.
pub(crate) fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{from_str, to_string};
    use tasker_protocol::HandlerReference;

    use super::{
        step_values::{Batch, Branch, Failure, Outcome},
        *,
    };
    use crate::testing::dispatch;

    /// Any text, JSON documents more often, some with faults that only a parser sees.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            any::<f64>().prop_map(|number| number.to_string()),
            any::<String>().prop_map(|text| serde_json::json!({ "text": [text] }).to_string()),
            (0..300_usize, 0..300_usize).prop_map(|(open, close)| "[".repeat(open) + &"]".repeat(close)),
            Just("{\"a\":1,\"a\":\"\\ud800\"} ".to_owned()),
        ]
    }

    fn returned() -> impl Strategy<Value = Result<Outcome, Failure>> {
        let texts = || proptest::collection::vec(text(), 0..4);
        prop_oneof![
            text().prop_map(|result| Ok(Outcome::Complete(result))),
            text().prop_map(|state| Ok(Outcome::Checkpoint(state))),
            (texts(), text()).prop_map(|(steps, result)| Ok(Outcome::Branch(Branch { steps, result }))),
            (texts(), text()).prop_map(|(cursors, result)| Ok(Outcome::Batch(Batch { cursors, result }))),
            (text(), text(), any::<bool>(), any::<Option<u64>>(), proptest::option::of(text())).prop_map(
                |(error_type, message, retryable, retry_after_ms, details)| Err(Failure {
                    error_type,
                    message,
                    retryable,
                    retry_after_ms,
                    details
                })
            ),
        ]
    }

    proptest! {
        /// Whatever a handler returns, the orchestrator can read what the host reports.
        #[test]
        fn every_return_value_becomes_a_readable_report(returned in returned(), result_bytes in 0..2_000_u64) {
            let handler = HandlerReference {
                callable: "work".to_owned(),
                component: String::new(),
                function: "work".to_owned(),
            };
            let mut dispatch = dispatch(handler);
            dispatch.limits.result_bytes = result_bytes;
            let ending = ending(&dispatch, returned);
            if let Ending::Failed(failure) = &ending {
                prop_assert!(failure.error_type.len() <= MAX_ERROR_TYPE_BYTES);
                prop_assert!(failure.message.len() <= MAX_MESSAGE_BYTES);
                let is_control = |letter: char| letter.is_control() && letter != '\n';
                prop_assert!(!failure.error_type.contains(char::is_control), "{failure:?}");
                prop_assert!(!failure.message.contains(is_control), "{failure:?}");
                prop_assert!(failure.retryable || failure.retry_after_ms.is_none());
            }
            let written = to_string(&ending).expect("it can be sent");
            let read: Ending = from_str(&written).expect("it can be read");
            prop_assert_eq!(to_string(&read).expect("it can be sent"), written);
        }
    }
}
