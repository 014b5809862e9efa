//! Validation of short texts from callers: names, actors, reasons.

use tasker_templates::{identifier_fault, name_fault, text_fault};

use crate::error::Error;

/// Rejects a text with control characters other than line breaks and tabs, or with more than 4096 bytes.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), Error> {
    refuse(field, text_fault(text))
}

/// Rejects a name, an id or a tag with control characters, or with more than 256 bytes.
pub(crate) fn check_name(field: &'static str, text: &str) -> Result<(), Error> {
    refuse(field, name_fault(text))
}

/// Rejects tags that cannot be stored.
pub(crate) fn check_tags(tags: &[String]) -> Result<(), Error> {
    tags.iter().try_for_each(|tag| check_name("tags", tag))
}

/// Rejects a task's priority that is out of range.
pub(crate) fn check_priority(priority: i16) -> Result<(), Error> {
    let fault = (!(-100..=100).contains(&priority)).then_some("must be between -100 and 100");
    refuse("priority", fault)
}

/// Rejects the name of something that is created with it: see [`identifier_fault`].
pub(crate) fn check_identifier(field: &'static str, text: &str) -> Result<(), Error> {
    refuse(field, identifier_fault(text))
}

fn refuse(field: &'static str, fault: Option<&str>) -> Result<(), Error> {
    fault.map_or(Ok(()), |fault| Err(Error::InvalidRequest { field, message: fault.to_owned() }))
}

/// Rejects an actor or a reason that cannot be stored.
pub(crate) fn check_signature(actor: &str, reason: Option<&str>) -> Result<(), Error> {
    check_name("actor", actor)?;
    reason.map_or(Ok(()), |reason| check_text("reason", reason))
}

/// Returns a text without control characters, limited to 500 characters.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(500).collect()
}
