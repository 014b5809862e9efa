//! Validation of short texts from callers: names, actors, reasons.

use tasker_templates::text_fault;

use crate::error::Error;

/// Rejects text with a NUL character, and text longer than 4096 bytes.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), Error> {
    text_fault(text).map_or(Ok(()), |fault| Err(Error::InvalidRequest { field, message: fault.to_owned() }))
}

/// Rejects an actor or a reason that cannot be stored.
pub(crate) fn check_signature(actor: &str, reason: Option<&str>) -> Result<(), Error> {
    check_text("actor", actor)?;
    reason.map_or(Ok(()), |reason| check_text("reason", reason))
}

/// Returns a text without control characters, limited to 500 characters.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(500).collect()
}
