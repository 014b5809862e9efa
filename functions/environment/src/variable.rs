//! Environment variables, and what is wrong with them.

use std::fmt;

#[cfg(feature = "orchestrator")]
use serde::de::DeserializeOwned;

/// A variable that keeps a function from starting.
#[derive(thiserror::Error)]
pub enum VariableError {
    /// It is not there.
    #[error("the environment variable {0} is not set; the deployment's template sets it")]
    Missing(&'static str),
    /// It cannot be read.
    #[error("the environment variable {name} cannot be read: {reason}")]
    Unreadable {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// What `main` prints of it.
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

/// A variable that must be set.
pub fn required(name: &'static str) -> Result<String, VariableError> {
    optional(name).ok_or(VariableError::Missing(name))
}

/// A variable that may be missing; an empty one is missing too.
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable that holds JSON, if it is set.
#[cfg(feature = "orchestrator")]
pub(crate) fn json<T: DeserializeOwned + Default>(name: &'static str) -> Result<T, VariableError> {
    let Some(text) = optional(name) else { return Ok(T::default()) };
    serde_json::from_str(&text).map_err(|error| VariableError::unreadable(name, &error))
}
