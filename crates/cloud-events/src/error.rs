//! Why something is not an event.

use std::fmt;

/// Why something is not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", .number.map_or(String::new(), |number| format!("event {number} of the batch: ")), .fault)]
pub struct EventError {
    /// Which event of a batch, from 1.
    pub number: Option<usize>,
    /// The attribute that is at fault, if one is.
    pub attribute: Option<String>,
    /// What is wrong, naming the attribute.
    pub fault: String,
}

impl EventError {
    pub(crate) fn whole(fault: String) -> Self {
        Self { number: None, attribute: None, fault }
    }

    pub(crate) fn of(attribute: &str, fault: impl fmt::Display) -> Self {
        Self { number: None, attribute: Some(attribute.to_owned()), fault: format!("`{attribute}` {fault}") }
    }
}
