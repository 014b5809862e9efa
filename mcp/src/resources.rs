//! Resources: what tools read, under a URI.

use percent_encoding::percent_decode_str;
use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};
use serde_json::{Map, Value, json};

use crate::{answer, failure::Failure};

const JSON: &str = "application/json";
const QUEUE: &str = "tasker://dlq/queue";

/// The resources with a fixed URI.
pub(crate) fn listed() -> Vec<Resource> {
    vec![
        Resource::new(QUEUE, "dlq_queue")
            .with_title("Dead letters to look into, most urgent first")
            .with_mime_type(JSON),
    ]
}

/// The resources whose URI names something.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    [
        ("tasker://task/{id}", "task", "A task and its first steps"),
        ("tasker://task/{id}/graph", "task_graph", "The graph of a task, for Mermaid"),
        ("tasker://template/{ns}/{name}@{version}", "template", "A published template version"),
    ]
    .into_iter()
    .map(|(uri, name, title)| ResourceTemplate::new(uri, name).with_title(title).with_mime_type(JSON))
    .collect()
}

/// The error for a URI that is no resource.
pub(crate) fn unknown() -> ErrorData {
    ErrorData::resource_not_found("there is no such resource: see `resources/list`", None)
}

/// The contents of a resource: what its tool answered.
///
/// # Errors
/// The tool refused.
pub(crate) fn contents(uri: &str, outcome: Result<Value, Failure>) -> Result<ReadResourceResult, ErrorData> {
    match outcome {
        Ok(value) => {
            let contents = ResourceContents::text(answer::fit(&value).to_string(), uri).with_mime_type(JSON);
            Ok(ReadResourceResult::new(vec![contents]))
        }
        Err(failure) if failure.code().starts_with("no_such_") => {
            let detail = Some(failure.into_value());
            Err(ErrorData::resource_not_found("it does not exist, for this caller", detail))
        }
        Err(failure) => Err(ErrorData::internal_error("it cannot be read", Some(failure.into_value()))),
    }
}

/// The tool that reads a resource, and its arguments.
pub(crate) fn tool_of(uri: &str) -> Option<(&'static str, Map<String, Value>)> {
    let path = uri.strip_prefix("tasker://")?;
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8().ok().map(Into::into))
        .collect::<Option<_>>()?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (tool, arguments) = match segments.as_slice() {
        ["dlq", "queue"] => ("dlq_queue", json!({})),
        ["task", task] => ("task_inspect", json!({ "task": task })),
        ["task", task, "graph"] => ("task_visualize", json!({ "task": task })),
        ["template", namespace, rest] => {
            let (name, version) = rest.rsplit_once('@')?;
            ("template_inspect_remote", json!({ "namespace": namespace, "name": name, "version": version }))
        }
        _ => return None,
    };
    match arguments {
        Value::Object(arguments) => Some((tool, arguments)),
        _ => None,
    }
}
