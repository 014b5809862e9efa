//! The page of a template, in Markdown: its graph, its input, its steps and their results.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::Value;
use tasker_orchestrator::read::DrawnGraph;
use tasker_templates::template::Template;

use crate::graph::{Format, draw};

/// Writes the page of a template.
///
/// # Errors
/// Its steps form no graph.
pub(crate) fn document(template: &Template) -> Result<String> {
    let mut text = format!("# {}/{}\n\n", template.namespace_name, template.name);
    if let Some(about) = &template.description {
        let _ = writeln!(text, "{}\n", about.trim());
    }
    let _ = writeln!(text, "Version {}, {} steps.\n", template.version, template.steps.len());
    let graph = draw(&DrawnGraph::of_template(template)?, Format::Mermaid);
    let _ = writeln!(text, "```mermaid\n{}\n```\n", graph.trim_end());
    text.push_str("## Input\n\n");
    schema(&mut text, template.input_schema.as_ref(), "Any JSON.");
    text.push_str("\n## Steps\n\n| step | type | handler | after | attempts | time limit |\n|---|---|---|---|---|---|\n");
    for step in &template.steps {
        let after: Vec<String> = step.dependencies.iter().map(|name| code(name)).collect();
        let attempts = if step.retry.retryable { step.retry.max_attempts.max(1) } else { 1 };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {attempts} | {} s |",
            code(&step.name),
            step.step_type.as_str().replace('_', " "),
            code(&step.handler.callable),
            after.join(", "),
            step.timeout_seconds
        );
    }
    for step in &template.steps {
        if step.description.is_none() && step.result_schema.is_none() && step.publishes_events.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n### {}\n", code(&step.name));
        if let Some(about) = &step.description {
            let _ = writeln!(text, "{}\n", about.trim());
        }
        let events: Vec<String> = step.publishes_events.iter().map(|event| code(&event.name)).collect();
        if !events.is_empty() {
            let _ = writeln!(text, "Publishes {}.\n", events.join(", "));
        }
        if step.result_schema.is_some() {
            text.push_str("Result:\n\n");
            schema(&mut text, step.result_schema.as_ref(), "");
        }
    }
    // Parts end with empty lines.
    Ok(text.trim_end().to_owned() + "\n")
}

/// The properties of an object as a table; another schema as it is.
fn schema(text: &mut String, schema: Option<&Value>, otherwise: &str) {
    let Some(schema) = schema else {
        let _ = writeln!(text, "{otherwise}");
        return;
    };
    let mut rows = Vec::new();
    properties(&mut rows, schema, "");
    if rows.is_empty() {
        let _ = writeln!(text, "```json\n{schema:#}\n```");
        return;
    }
    text.push_str("| property | type | required | |\n|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
}

fn properties(rows: &mut Vec<[String; 4]>, schema: &Value, path: &str) {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let all = schema["properties"].as_object();
    for (name, property) in all.into_iter().flatten() {
        let path = below(name);
        let is_required = required.contains(&name.as_str());
        let about = property["description"].as_str().unwrap_or_default();
        rows.push([
            code(&path),
            of_type(property),
            if is_required { "yes" } else { "" }.to_owned(),
            cell(about),
        ]);
        properties(rows, property, &path);
        properties(rows, &property["items"], &format!("{path}[]"));
    }
    for name in required.iter().filter(|name| all.is_none_or(|all| !all.contains_key(**name))) {
        rows.push([code(&below(name)), "any".to_owned(), "yes".to_owned(), String::new()]);
    }
}

fn of_type(schema: &Value) -> String {
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| code(&value.to_string())).collect::<Vec<_>>().join(", ");
    }
    if let Some(value) = schema.get("const") {
        return code(&value.to_string());
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return code(reference.rsplit('/').next().unwrap_or_default());
    }
    if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let choice = |choice: &Value| choice["title"].as_str().map_or_else(|| of_type(choice), cell);
        return choices.iter().map(choice).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => match schema["items"]["type"].as_str() {
            Some(items) => format!("array of {items}"),
            None => kind.clone(),
        },
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text).replace('`', "'"))
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
