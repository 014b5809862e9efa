//! The filter of a bulk operation, as it is stored.

use serde_json::Value;

use crate::{access::Scope, error::Error, read::TaskFilter};

/// Writes a filter without its scope, and without what it does not ask for.
pub(super) fn write(filter: &TaskFilter) -> Result<String, Error> {
    let damaged = |error: serde_json::Error| Error::Damaged(format!("a filter: {error}"));
    let mut written = serde_json::to_value(filter).map_err(damaged)?;
    if let Value::Object(members) = &mut written {
        members.retain(|_, value| !value.is_null() && *value != Value::Array(Vec::new()));
    }
    Ok(written.to_string())
}

/// Reads a filter. What a later release asks for and this one does not know is an error: it would match more.
pub(super) fn read(text: &str, scope: Scope) -> Result<TaskFilter, Error> {
    let filter: TaskFilter = serde_json::from_str(text)
        .map_err(|error| Error::Damaged(format!("the filter of a bulk operation: {error}")))?;
    Ok(TaskFilter { scope, ..filter })
}
