//! Builds paths and queries whose parts cannot be mistaken for others.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::failure::Failure;

/// All but the characters that no URL reserves.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Joins segments to a path, each percent-encoded.
///
/// # Errors
/// `invalid_arguments`: a segment is empty, `.` or `..`, which servers resolve even if they are percent-encoded.
pub(crate) fn path(segments: &[&str]) -> Result<String, Failure> {
    let mut path = String::new();
    for segment in segments {
        if matches!(*segment, "" | "." | "..") {
            let detail =
                format!("`{segment}` cannot be part of a path: give the name or id of what you mean");
            return Err(Failure::invalid_arguments(detail));
        }
        path.push('/');
        path.extend(utf8_percent_encode(segment, RESERVED));
    }
    Ok(path)
}

/// A query, percent-encoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(String);

impl Query {
    /// Adds a parameter.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, RESERVED));
    }

    /// The query with its `?`; empty without parameters.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
