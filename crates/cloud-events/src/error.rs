//! Why a document is not a valid CloudEvent.

use std::fmt;

/// Why a document is not a valid CloudEvent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", .number.map_or(String::new(), |number| format!("event {number} of the batch: ")), .fault)]
pub struct EventError {
    /// The position in the batch, counting from 1. None outside a batch.
    pub number: Option<usize>,
    /// The invalid attribute, if one is to blame.
    pub attribute: Option<String>,
    /// What is wrong. Names the attribute.
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
