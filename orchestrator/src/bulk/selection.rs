//! The tasks of a bulk operation: what a filter matches, or named ones, as far as they existed when it was previewed.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{access::Scope, error::Error, read::TaskFilter};

#[derive(Debug)]
pub(super) struct Selection {
    pub(super) filter: TaskFilter,
    /// Only these.
    pub(super) task_ids: Option<Vec<Uuid>>,
    /// The newest task at the time of the preview.
    pub(super) newest: Uuid,
    /// The time of the preview. The ids of two processes are not in the order of time, within a moment.
    pub(super) until: DateTime<Utc>,
}

impl Selection {
    /// Its tasks as a filter, newest first.
    pub(super) fn tasks(&self) -> TaskFilter {
        TaskFilter {
            ids: self.task_ids.clone(),
            until: Some((self.newest, self.until)),
            oldest_first: false,
            ..self.filter.clone()
        }
    }

    /// Returns the filter as it is stored: without its scope, and without what it does not ask for.
    pub(super) fn write_filter(filter: &TaskFilter) -> Result<String, Error> {
        let damaged = |error: serde_json::Error| Error::Damaged(format!("a filter: {error}"));
        let mut written = serde_json::to_value(filter).map_err(damaged)?;
        if let Value::Object(members) = &mut written {
            members.retain(|_, value| !value.is_null() && *value != Value::Array(Vec::new()));
        }
        Ok(written.to_string())
    }

    /// Reads a stored filter. What a later release asks for and this one does not know is an error: it would match more.
    pub(super) fn read_filter(text: &str, scope: Scope) -> Result<TaskFilter, Error> {
        let filter: TaskFilter = serde_json::from_str(text)
            .map_err(|error| Error::Damaged(format!("the filter of a bulk operation: {error}")))?;
        Ok(TaskFilter { scope, ..filter })
    }
}
