//! Copies of tasks: the request for a task like another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::request::TaskRequest;
use crate::{error::Error, read::TaskDetail};

/// What the tag of a copied task begins with, before the id of the other.
const RERUN_OF: &str = "rerun-of:";

/// How a copy differs from its task.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskCopy {
    /// Changes of the input: a JSON Merge Patch (RFC 7396).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub context: Option<Box<RawValue>>,
    /// The template's version. Default: that of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl TaskCopy {
    /// Returns the request for a copy of a task.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if the changes cannot be merged.
    pub fn of(self, task: TaskDetail) -> Result<TaskRequest, Error> {
        let TaskDetail { summary, context, .. } = task;
        let input = context.unwrap_or_else(|| RawValue::NULL.to_owned());
        let input = match &self.context {
            Some(patch) => merged(&input, patch).map_err(|error| Error::InvalidRequest {
                field: "context",
                message: format!("cannot be merged: {error}"),
            })?,
            None => input,
        };
        let mut tags: Vec<String> =
            summary.tags.into_iter().filter(|tag| !tag.starts_with(RERUN_OF)).collect();
        tags.push(format!("{RERUN_OF}{}", summary.task_id));
        Ok(TaskRequest {
            namespace: summary.namespace,
            version: Some(self.version.unwrap_or(summary.version)),
            initiator: summary.initiator,
            source_system: summary.source_system,
            reason: self.reason,
            tags,
            priority: summary.priority,
            parent_correlation_id: Some(summary.correlation_id),
            ..TaskRequest::new(&summary.name, input)
        })
    }
}

/// Applies a JSON Merge Patch. What it does not change stays as it is written, to the last digit.
fn merged(target: &RawValue, patch: &RawValue) -> serde_json::Result<Box<RawValue>> {
    type Object = BTreeMap<String, Box<RawValue>>;
    if !patch.get().trim_start().starts_with('{') {
        return Ok(patch.to_owned());
    }
    let mut object: Object = serde_json::from_str(target.get()).unwrap_or_default();
    for (name, value) in serde_json::from_str::<Object>(patch.get())? {
        if value.get() == "null" {
            object.remove(&name);
        } else {
            let below = object.get(&name).map_or(RawValue::NULL, |below| below);
            object.insert(name, merged(below, &value)?);
        }
    }
    to_raw_value(&object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_changes_what_it_names_and_no_digit_of_the_rest() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        for (target, patch, expected) in [
            (
                r#"{"n":12345678901234567890.10,"a":{"b":1,"c":2}}"#,
                r#"{"a":{"b":null,"d":3}}"#,
                r#"{"a":{"c":2,"d":3},"n":12345678901234567890.10}"#,
            ),
            (r#"{"a":[1,2]}"#, r#"{"a":[3]}"#, r#"{"a":[3]}"#),
            (r#"{"a":1}"#, r#"{"a":{"b":{"c":null}}}"#, r#"{"a":{"b":{}}}"#),
            ("[1]", r#"{"a":1}"#, r#"{"a":1}"#),
            (r#"{"a":1}"#, r#""text""#, r#""text""#),
            (r#"{"a":1}"#, "{}", r#"{"a":1}"#),
        ] {
            assert_eq!(merged(&raw(target), &raw(patch)).unwrap().get(), expected, "{target} {patch}");
        }
    }
}
