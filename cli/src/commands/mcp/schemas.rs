//! Tools about JSON Schemas: what a schema asks for, and what differs between two.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tasker_mcp::{Arguments, Field, Kind, optional, required};
use tasker_templates::template::Template;

use super::{
    local::Local,
    templates::{parsed, step_of, template_of, text_of_project},
};
use crate::{
    config::ProjectConfig,
    generate::schema_fields::{SchemaField, fields},
};

const STEP: Field = optional(
    "step",
    Kind::Text,
    "The step whose `result_schema` is meant. Without it: the `input_schema` of the template.",
);

pub(super) const TOOLS: &[Local] = &[
    Local {
        name: "schema_inspect",
        title: "Describe a schema",
        description: "Lists the fields of a JSON Schema, or of a schema of a template: path, type, whether it is required.",
        fields: &[
            optional("schema", Kind::Object, "A JSON Schema. Or name a template with `template` or `file`."),
            optional("template", Kind::Text, "The text of a template file."),
            optional("file", Kind::Text, "A template file or a template of the project."),
            STEP,
        ],
        is_read_only: true,
        run: |project, arguments| Box::pin(async { inspect(project, arguments) }),
    },
    Local {
        name: "schema_compare",
        title: "Compare what is sent with what is expected",
        description: "Says whether documents of one JSON Schema (`sent`, such as the result of a step) fit another one \
            (`expected`, such as the input of a handler): missing fields, other types, values that are not allowed.",
        fields: &[
            required("sent", Kind::Object, "The JSON Schema of what is sent."),
            required("expected", Kind::Object, "The JSON Schema of what is expected."),
        ],
        is_read_only: true,
        run: |_, arguments| {
            Box::pin(async { Ok(compare(given(arguments, "sent")?, given(arguments, "expected")?)) })
        },
    },
    Local {
        name: "schema_diff",
        title: "What changed in the schemas of a template",
        description: "Lists what changed in the input and the results between two texts of a template, and whom it breaks: \
            those who create tasks, or those who read results.",
        fields: &[
            required(
                "before",
                Kind::Text,
                "The text of the earlier version, or a file or name of the project.",
            ),
            required("after", Kind::Text, "The text of the later version, or a file or name of the project."),
        ],
        is_read_only: true,
        run: |project, arguments| Box::pin(async { diff(project, arguments) }),
    },
];

fn given<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a Value> {
    arguments.get(name).with_context(|| format!("`{name}` is missing"))
}

fn inspect(project: &ProjectConfig, arguments: &Arguments) -> Result<Value> {
    if let Some(schema) = arguments.get("schema") {
        return Ok(json!({ "fields": listed(schema) }));
    }
    let template = template_of(project, arguments)?;
    let schema = match arguments.text("step") {
        None => template.input_schema.as_ref(),
        Some(name) => step_of(&template, name)?.result_schema.as_ref(),
    };
    Ok(match schema {
        None => json!({ "fields": [], "note": "it has no schema: any JSON fits" }),
        Some(schema) => json!({ "fields": listed(schema), "schema": schema }),
    })
}

fn listed(schema: &Value) -> Vec<Value> {
    let told = |(path, field): (String, SchemaField)| json!({ "path": path, "type": field.kind, "required": field.is_required, "about": field.about });
    fields(schema).into_iter().map(told).collect()
}

/// Whether documents of one schema fit another, as far as their fields say.
fn compare(sent: &Value, expected: &Value) -> Value {
    let (sent_fields, expected_fields) = (fields(sent), fields(expected));
    let mut findings = Vec::new();
    let mut tell = |path: &str, message: String| {
        findings.push(json!({ "path": path, "severity": "error", "message": message }));
    };
    // Below something that is not sent, nothing is missing.
    let is_there = |path: &str| above(path).all(|above| sent_fields.contains_key(above));
    for (path, wanted) in expected_fields.iter().filter(|(path, _)| is_there(path)) {
        match sent_fields.get(path) {
            None if wanted.is_required => tell(path, "is required, and is not sent".to_owned()),
            None => {}
            Some(field) => {
                if wanted.is_required && !field.is_required {
                    tell(path, "is required, and may be absent".to_owned());
                }
                if !wanted.takes(field) {
                    tell(path, format!("must be {}, and is {}", wanted.kind, field.kind));
                }
            }
        }
    }
    if expected["additionalProperties"] == Value::Bool(false) {
        for path in sent_fields
            .keys()
            .filter(|path| !path.contains(['.', '[']) && !expected_fields.contains_key(*path))
        {
            tell(path, "is sent, and no other fields are allowed".to_owned());
        }
    }
    json!({ "fits": findings.is_empty(), "findings": findings })
}

fn diff(project: &ProjectConfig, arguments: &Arguments) -> Result<Value> {
    let read = |name: &str| -> Result<Template> {
        let text = given(arguments, name)?.as_str().unwrap_or_default();
        // A name is one line without a key.
        let text =
            if text.contains(['\n', '{']) { Ok(text.to_owned()) } else { text_of_project(project, text) };
        text.and_then(|text| parsed(&text)).with_context(|| format!("`{name}`"))
    };
    let (before, after) = (read("before")?, read("after")?);
    if (&before.namespace_name, &before.name) != (&after.namespace_name, &after.name) {
        bail!(
            "these are two templates: {}/{} and {}/{}",
            before.namespace_name,
            before.name,
            after.namespace_name,
            after.name
        );
    }
    let mut changes = Vec::new();
    changed(&mut changes, "input", before.input_schema.as_ref(), after.input_schema.as_ref(), true);
    let results = |template: &Template| -> BTreeMap<String, Option<Value>> {
        template.steps.iter().map(|step| (step.name.clone(), step.result_schema.clone())).collect()
    };
    let (old, new) = (results(&before), results(&after));
    for (step, schema) in &old {
        match new.get(step) {
            None => changes.push(json!({ "where": step, "change": "the step is gone", "breaks": "readers" })),
            Some(later) => changed(&mut changes, step, schema.as_ref(), later.as_ref(), false),
        }
    }
    for step in new.keys().filter(|step| !old.contains_key(*step)) {
        changes.push(json!({ "where": step, "change": "the step is new", "breaks": null }));
    }
    let breaks = changes.iter().any(|change| !change["breaks"].is_null());
    Ok(json!({
        "versions": [before.version, after.version], "compatible": !breaks, "changes": changes,
    }))
}

/// Lists what changed in a schema. Of an input, whoever sends it must know; of a result, whoever reads it.
fn changed(
    changes: &mut Vec<Value>,
    place: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    is_input: bool,
) {
    let none = Value::Bool(true);
    let (old, new) = (fields(before.unwrap_or(&none)), fields(after.unwrap_or(&none)));
    let mut tell = |path: &str, change: String, breaks: Option<&str>| {
        changes.push(json!({ "where": place, "path": path, "change": change, "breaks": breaks }));
    };
    let (senders, readers) = if is_input { (Some("senders"), None) } else { (None, Some("readers")) };
    for (path, field) in &old {
        match new.get(path) {
            None => tell(path, "is gone".to_owned(), readers),
            Some(later) => {
                if field.kind != later.kind {
                    // A sender suffers if what fitted no longer fits, a reader if something else may come.
                    let is_narrower = !later.takes(field);
                    let is_wider = !field.takes(later);
                    let breaks =
                        if is_input { senders.filter(|_| is_narrower) } else { readers.filter(|_| is_wider) };
                    tell(path, format!("was {}, is {}", field.kind, later.kind), breaks);
                }
                match (field.is_required, later.is_required) {
                    (false, true) => tell(path, "is required now".to_owned(), senders),
                    (true, false) => tell(path, "may be absent now".to_owned(), readers),
                    _ => {}
                }
            }
        }
    }
    for (path, field) in new.iter().filter(|(path, _)| !old.contains_key(*path)) {
        // What is in something new and optional is not missed.
        let is_asked_for = above(path).all(|above| old.contains_key(above));
        let breaks = senders.filter(|_| field.is_required && is_asked_for);
        tell(
            path,
            format!("is new: {}{}", field.kind, if field.is_required { ", required" } else { "" }),
            breaks,
        );
    }
}

/// The paths of what a field is in: `a` and `a.b` of `a.b.c`.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices(['.', '[']).map(|(end, _)| &path[..end]).filter(|above| !above.is_empty())
}
