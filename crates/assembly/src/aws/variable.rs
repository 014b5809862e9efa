//! Environment variables, and errors about their values.

use std::{fmt, str::FromStr};

/// An environment variable is missing or invalid.
#[derive(thiserror::Error)]
pub enum VariableError {
    /// It is not set, or empty.
    #[error("the environment variable {0} is not set; the deployment's template sets it")]
    Missing(&'static str),
    /// Its value is invalid.
    #[error("the environment variable {name} cannot be read: {reason}")]
    Unreadable {
        /// The name of the variable.
        name: &'static str,
        /// What is wrong with the value.
        reason: String,
    },
}

/// Prints the message, because a failing `main` prints errors with `Debug`.
impl fmt::Debug for VariableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl VariableError {
    pub(crate) fn unreadable(name: &'static str, reason: &impl ToString) -> Self {
        Self::Unreadable { name, reason: reason.to_string() }
    }
}

/// Returns the value of a variable that must be set.
///
/// # Errors
/// [`VariableError::Missing`] if it is not set, or empty.
pub fn required(name: &'static str) -> Result<String, VariableError> {
    optional(name).ok_or(VariableError::Missing(name))
}

/// Returns the value of a variable, if it is set and not empty.
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Parses the value of a variable, if it is set and not empty.
///
/// # Errors
/// [`VariableError::Unreadable`] if the value does not parse.
pub fn parsed<T: FromStr<Err: fmt::Display>>(name: &'static str) -> Result<Option<T>, VariableError> {
    let Some(text) = optional(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|error: T::Err| VariableError::unreadable(name, &error))
}

/// Parses the value of a variable that must be set.
#[cfg(any(feature = "host", feature = "orchestrator"))]
pub(crate) fn parsed_required<T: FromStr<Err: fmt::Display>>(name: &'static str) -> Result<T, VariableError> {
    parsed(name)?.ok_or(VariableError::Missing(name))
}

/// Returns the parts of a list that is separated by commas.
#[cfg(any(feature = "host", feature = "orchestrator"))]
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}
