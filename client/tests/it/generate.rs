//! Writes the client's types from the OpenAPI document.
//!
//! Not typify: its enums refuse names that a later server adds, documents become maps that round numbers, and it makes four
//! times as much code.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

const REFERENCE: &str = "#/components/schemas/";
const HEADER: &str = "\
//! The types of the API, generated from `api/openapi.json`: `UPDATE_DOCS=1 cargo test -p tasker-client --test it types`
//! writes this file.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    document::Document,
    open_enum::open_enum,
    state::{StepState, TaskState},
};
";

/// Fields that are states, which the document describes as text.
const STATES: &[(&str, &str, &str)] = &[
    ("DlqEntry", "task_state", "TaskState"),
    ("DrawnNode", "state", "StepState"),
    ("Investigation", "task_state", "TaskState"),
    ("OperatedTask", "status", "TaskState"),
    ("Staleness", "status", "TaskState"),
    ("StepDetail", "state", "StepState"),
    ("TaskDetail", "status", "TaskState"),
    ("TaskSummary", "status", "TaskState"),
    ("TimelineEntry", "state", "StepState"),
];

/// The file with the types of a document.
pub(crate) fn generate(document: &Value) -> String {
    let schemas = document["components"]["schemas"].as_object().expect("the document has schemas");
    let mut sent = BTreeSet::new();
    for operation in
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap())
    {
        references(schemas, &operation.1["requestBody"], &mut sent);
    }
    let mut writer = Writer { schemas, sent, text: HEADER.to_owned() };
    for (owner, field, _) in STATES {
        assert!(writer.fields(&schemas[*owner]).0.contains_key(field), "{owner} has no {field}");
    }
    // A page is one generic type.
    for (name, schema) in schemas.iter().filter(|(name, _)| !name.starts_with("Page_")) {
        writer.item(name, schema);
    }
    writer.text
}

/// Collects the names of all schemas that a value refers to.
fn references(schemas: &Map<String, Value>, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(schemas, item, found)),
        Value::Object(fields) => {
            if let Some(name) = referred(value)
                && found.insert(name.to_owned())
            {
                references(schemas, &schemas[name], found);
            }
            fields.values().for_each(|field| references(schemas, field, found));
        }
        _ => {}
    }
}

fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(REFERENCE)
}

/// A field of a struct: its schema, and whether it is always present.
type Fields<'a> = BTreeMap<&'a str, (&'a Value, bool)>;

struct Writer<'a> {
    schemas: &'a Map<String, Value>,
    /// The schemas that requests contain.
    sent: BTreeSet<String>,
    text: String,
}

impl<'a> Writer<'a> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn docs(&mut self, indent: &str, text: &str) {
        for line in text.lines() {
            let mut row = String::new();
            for word in line.split(' ') {
                if !row.is_empty() && row.chars().count() + word.chars().count() > 105 {
                    self.line(&format!("{indent}/// {row}"));
                    row.clear();
                }
                row.push_str(if row.is_empty() { "" } else { " " });
                row.push_str(word);
            }
            self.line(format!("{indent}/// {row}").trim_end());
        }
    }

    fn item(&mut self, name: &str, schema: &'a Value) {
        self.line("");
        if let Some(names) = schema["enum"].as_array() {
            self.names(name, &described(schema), names);
        } else if let Some(variants) = schema["oneOf"].as_array() {
            self.choice(name, schema, variants);
        } else {
            self.object(name, schema);
        }
    }

    /// An enum of names.
    fn names(&mut self, name: &str, description: &str, names: &[Value]) {
        self.line("open_enum! {");
        self.docs("    ", description);
        self.line(&format!("    pub enum {name} {{"));
        for text in names.iter().filter_map(Value::as_str) {
            self.line(&format!("        /// `{text}`."));
            self.line(&format!("        {} = \"{text}\",", pascal(text)));
        }
        self.line("    }\n}");
    }

    /// An enum of objects that one field tells apart.
    fn choice(&mut self, name: &str, schema: &'a Value, variants: &'a [Value]) {
        let tag_of = |variant: &'a Value| {
            let mut fields = variant["properties"].as_object().unwrap().iter();
            fields.find_map(|(field, schema)| Some((field.as_str(), schema["enum"][0].as_str()?))).unwrap()
        };
        self.docs("", &described(schema));
        self.line("#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]");
        let tag = tag_of(&variants[0]).0;
        self.line(&format!("#[serde(tag = \"{tag}\", rename_all = \"snake_case\")]"));
        self.line(&format!("#[non_exhaustive]\npub enum {name} {{"));
        for variant in variants {
            let (tag, text) = tag_of(variant);
            let mut fields = self.fields(variant).0;
            fields.remove(tag);
            self.docs("    ", &described(variant));
            if fields.is_empty() {
                self.line(&format!("    {},", pascal(text)));
            } else {
                self.line(&format!("    {} {{", pascal(text)));
                for (field, (schema, required)) in fields {
                    self.field("        ", "", (name, field), schema, required);
                }
                self.line("    },");
            }
        }
        self.line("}");
    }

    fn object(&mut self, name: &str, schema: &'a Value) {
        let (fields, choice) = self.fields(schema);
        let is_sent = self.sent.contains(name);
        let types: Vec<String> =
            fields.iter().map(|(field, (schema, required))| kind((name, field), schema, *required)).collect();
        let simple = |kind: &String| {
            ["Option", "Vec", "String", "bool", "i", "u"].iter().any(|prefix| kind.starts_with(prefix))
        };
        let default = if is_sent && choice.is_none() && types.iter().all(simple) { "Default, " } else { "" };
        self.docs("", &described(schema));
        self.line(&format!("#[derive(Debug, Clone, {default}PartialEq, Serialize, Deserialize)]"));
        if !is_sent {
            self.line("#[non_exhaustive]");
        }
        self.line(&format!("pub struct {name} {{"));
        if let Some(choice) = choice {
            self.docs("    ", &described(&self.schemas[choice]));
            self.line(&format!("    #[serde(flatten)]\n    pub {}: {choice},", "action"));
        }
        let mut inner = Vec::new();
        for (field, (schema, required)) in fields {
            self.field("    ", "pub ", (name, field), schema, required);
            if let Some(names) = schema["enum"].as_array() {
                inner.push((inner_name(name, field), described(schema), names));
            }
        }
        self.line("}");
        for (name, description, names) in inner {
            self.line("");
            self.names(&name, &description, names);
        }
    }

    /// The fields of an object, those of all its parts, and the enum among the parts.
    fn fields(&self, schema: &'a Value) -> (Fields<'a>, Option<&'a str>) {
        if let Some(name) = referred(schema) {
            let original = &self.schemas[name];
            return if original["oneOf"].is_array() {
                (Fields::new(), Some(name))
            } else {
                self.fields(original)
            };
        }
        let required = schema["required"].as_array().into_iter().flatten();
        let required: BTreeSet<&str> = required.filter_map(Value::as_str).collect();
        let own = schema["properties"].as_object().into_iter().flatten();
        let mut fields: Fields =
            own.map(|(name, schema)| (name.as_str(), (schema, required.contains(name.as_str())))).collect();
        let mut choice = None;
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let (more, other) = self.fields(part);
            fields.extend(more);
            choice = choice.or(other);
        }
        (fields, choice)
    }

    fn field(
        &mut self,
        indent: &str,
        public: &str,
        (owner, name): (&str, &str),
        schema: &Value,
        required: bool,
    ) {
        let kind = kind((owner, name), schema, required);
        self.docs(indent, &described(schema));
        let absent = match kind.split('<').next().unwrap() {
            "Option" => Some("Option::is_none"),
            "Vec" if !required => Some("Vec::is_empty"),
            "bool" if !required => Some("std::ops::Not::not"),
            _ => None,
        };
        if let Some(absent) = absent {
            self.line(&format!("{indent}#[serde(default, skip_serializing_if = \"{absent}\")]"));
        }
        let name = if name == "type" { "r#type" } else { name };
        self.line(&format!("{indent}{public}{name}: {kind},"));
    }
}

/// The Rust type of a field.
fn kind(place: (&str, &str), schema: &Value, required: bool) -> String {
    let kind = match STATES.iter().find(|(owner, field, _)| (*owner, *field) == place) {
        Some((_, _, state)) => (*state).to_owned(),
        None if schema["enum"].is_array() => inner_name(place.0, place.1),
        None => value(schema),
    };
    let may_be_absent = !required && !kind.starts_with("Vec<") && kind != "bool";
    if is_nullable(schema) || may_be_absent { format!("Option<{kind}>") } else { kind }
}

/// The Rust type of a value that is present.
fn value(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        return name.to_owned();
    }
    if let Some(options) = schema["oneOf"].as_array() {
        return value(options.iter().find(|option| option["type"] != "null").unwrap());
    }
    let kinds = schema["type"].as_array().into_iter().flatten().chain([&schema["type"]]);
    let kind = kinds.filter_map(Value::as_str).find(|kind| *kind != "null");
    let is_natural = schema["minimum"] == 0;
    match (kind, schema["format"].as_str()) {
        (Some("string"), Some("uuid")) => "Uuid".to_owned(),
        (Some("string"), Some("date-time")) => "DateTime<Utc>".to_owned(),
        (Some("string"), _) => "String".to_owned(),
        (Some("boolean"), _) => "bool".to_owned(),
        (Some("number"), _) => "f64".to_owned(),
        (Some("integer"), Some("int32")) => if is_natural { "u32" } else { "i32" }.to_owned(),
        (Some("integer"), _) => if is_natural { "u64" } else { "i64" }.to_owned(),
        (Some("array"), _) => format!("Vec<{}>", value(&schema["items"])),
        (Some("object"), _) if schema["additionalProperties"].is_object() => {
            let values = &schema["additionalProperties"];
            let one = value(values);
            let one = if is_nullable(values) { format!("Option<{one}>") } else { one };
            format!("BTreeMap<{}, {one}>", value(&schema["propertyNames"]))
        }
        // An object of which nothing is said stands for any JSON, such as a result.
        (Some("object") | None, _) => "Document".to_owned(),
        (Some(other), _) => panic!("no type for {other}: {schema}"),
    }
}

fn is_nullable(schema: &Value) -> bool {
    let has_null = |types: &Value| types.as_array().is_some_and(|all| all.iter().any(|one| one == "null"));
    let options = schema["oneOf"].as_array();
    has_null(&schema["type"]) || options.is_some_and(|all| all.iter().any(|one| one["type"] == "null"))
}

fn described(schema: &Value) -> String {
    let own = schema["description"].as_str();
    let options = schema["oneOf"].as_array().into_iter().flatten();
    let mut texts = own.into_iter().chain(options.filter_map(|option| option["description"].as_str()));
    let text = texts.next();
    text.unwrap_or_else(|| panic!("no description: {schema}")).to_owned()
}

/// The name of an enum that is described in the place where it is used.
fn inner_name(owner: &str, field: &str) -> String {
    format!("{owner}{}", pascal(field))
}

fn pascal(snake: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    snake.split('_').map(capital).collect()
}
