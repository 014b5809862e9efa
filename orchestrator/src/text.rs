//! Short texts from outside: names, actors, reasons.

use tasker_templates::text_fault;

use crate::error::Error;

/// Refuses what a text column cannot hold or nobody can mean.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), Error> {
    text_fault(text).map_or(Ok(()), |fault| Err(Error::InvalidRequest { field, message: fault.to_owned() }))
}

/// Refuses an actor or a reason that cannot be stored.
pub(crate) fn check_signature(actor: &str, reason: Option<&str>) -> Result<(), Error> {
    check_text("actor", actor)?;
    reason.map_or(Ok(()), |reason| check_text("reason", reason))
}

/// A text from outside, fit for a text column and a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(500).collect()
}
