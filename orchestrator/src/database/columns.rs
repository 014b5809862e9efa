//! Conversion of documents and keys to columns and arrays.

use serde_json::value::RawValue;
use tasker_protocol::Payload;
use uuid::Uuid;

use crate::error::Error;

/// Wraps a stored document without changing its text.
pub(crate) fn raw(text: &str) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text.to_owned()).map_err(|error| Error::Damaged(error.to_string()))
}

/// Reads a document from its two columns. Null if both are empty.
pub(crate) fn payload(inline: Option<String>, blob: Option<String>) -> Result<Payload, Error> {
    Ok(optional_payload(inline, blob)?.unwrap_or_else(Payload::null))
}

/// Reads a document from its two columns. None if both are empty.
pub(crate) fn optional_payload(
    inline: Option<String>,
    blob: Option<String>,
) -> Result<Option<Payload>, Error> {
    match (inline, blob) {
        (Some(text), None) => Ok(Some(Payload::Inline(raw(&text)?))),
        (None, Some(reference)) => serde_json::from_str(&reference)
            .map(|reference| Some(Payload::Blob(reference)))
            .map_err(|error| Error::Damaged(format!("blob reference: {error}"))),
        _ => Ok(None),
    }
}

/// Returns a document's two columns: inline text, or a blob reference.
pub(crate) fn columns(payload: &Payload) -> (Option<String>, Option<String>) {
    match payload {
        Payload::Inline(json) => (Some(json.get().to_owned()), None),
        Payload::Blob(reference) => (None, serde_json::to_string(reference).ok()),
    }
}

/// Returns executions as three parallel arrays, the form that the SQL functions take.
pub(crate) fn arrays(keys: impl Iterator<Item = (Uuid, u32, u32)>) -> (Vec<Uuid>, Vec<i32>, Vec<i32>) {
    let (mut tasks, mut steps, mut executions) = (Vec::new(), Vec::new(), Vec::new());
    for (task, step, execution) in keys {
        tasks.push(task);
        steps.push(step as i32);
        executions.push(execution as i32);
    }
    (tasks, steps, executions)
}
