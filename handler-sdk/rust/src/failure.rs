//! Failures of handlers.

use std::{error::Error, time::Duration};

use serde::Serialize;
use serde_json::Value;

/// Why a handler failed.
///
/// `?` converts any `std::error::Error` to a retryable failure, because most errors of a step are temporary.
/// Use [`Failure::permanent`] where every attempt would fail.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub(crate) error_type: String,
    pub(crate) message: String,
    pub(crate) retryable: bool,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) details: Option<Value>,
}

impl Failure {
    /// A failure that another attempt may not have. `error_type` is a short stable name, such as
    /// `GatewayTimeout`.
    pub fn retryable(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error_type: error_type.into(),
            message: message.into(),
            retryable: true,
            retry_after: None,
            details: None,
        }
    }

    /// A failure that every attempt would have. `error_type` is a short stable name, such as `CardDeclined`.
    pub fn permanent(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self { retryable: false, ..Self::retryable(error_type, message) }
    }

    /// A failure with the minimum wait before the next attempt, instead of the template's backoff.
    pub fn retry_after(error_type: impl Into<String>, message: impl Into<String>, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::retryable(error_type, message) }
    }

    /// Adds details for debugging. Details that cannot be serialized are dropped.
    #[must_use]
    pub fn with_details(mut self, details: impl Serialize) -> Self {
        self.details = serde_json::to_value(details).ok();
        self
    }

    /// The short stable name.
    pub fn error_type(&self) -> &str {
        &self.error_type
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether another attempt may succeed.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// The minimum wait before the next attempt.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Details for debugging.
    pub fn details(&self) -> Option<&Value> {
        self.details.as_ref()
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::retryable(short_type_name::<E>(), message)
    }
}

/// `io::Error` for `std::io::error::Error`: the last module and the name, without generic arguments.
fn short_type_name<T: ?Sized>() -> String {
    let full = std::any::type_name::<T>();
    let path = full.split('<').next().unwrap_or(full);
    let parts: Vec<&str> = path.split("::").collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<u32, Failure> {
        Ok(text.parse::<u32>()?)
    }

    #[test]
    fn any_error_becomes_a_retryable_failure_that_names_its_type() {
        let failure = parse("seven").unwrap_err();
        assert!(failure.is_retryable());
        assert_eq!(failure.error_type(), "error::ParseIntError");
        assert_eq!(failure.message(), "invalid digit found in string");
    }

    #[test]
    fn the_chain_of_causes_is_told() {
        #[derive(Debug)]
        struct Outer(std::num::ParseIntError);
        impl std::fmt::Display for Outer {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("reading the quantity")
            }
        }
        impl Error for Outer {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        let failure = Failure::from(Outer("x".parse::<u32>().unwrap_err()));
        assert_eq!(failure.message(), "reading the quantity: invalid digit found in string");
    }
}
