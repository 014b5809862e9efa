//! JSON helpers that keep components small.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;

/// A value as JSON text. `Value::to_string` also supports indentation, which would be part of every
/// component.
pub(crate) fn text(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Joins names with commas. The standard `join` is generic and far larger.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(name);
    }
    list
}

pub(crate) fn read<T: DeserializeOwned>(text: &str, error_type: &str, what: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::permanent(error_type, format!("{what} does not have the expected form: {error}"))
    })
}
