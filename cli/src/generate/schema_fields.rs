//! The fields of a JSON Schema, by their paths.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// How deep a schema is followed.
const DEEPEST: usize = 32;
/// What the document itself is called.
const DOCUMENT: &str = "(document)";

/// What a schema says about one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaField {
    /// Its types or its values, such as `string`, `integer or null` or `"a", "b"`.
    pub(crate) kind: String,
    /// Whether it is in every object that contains it.
    pub(crate) is_required: bool,
    pub(crate) about: Option<String>,
    /// The types. Empty: any.
    types: BTreeSet<String>,
    /// The only values, as JSON. None: all of its types.
    values: Option<BTreeSet<String>>,
}

impl SchemaField {
    /// Whether every value of another field is allowed here, as far as types and lists of values say.
    pub(crate) fn takes(&self, other: &Self) -> bool {
        let has_type =
            |name: &String| self.types.contains(name) || name == "integer" && self.types.contains("number");
        let types_fit = self.types.is_empty() || !other.types.is_empty() && other.types.iter().all(has_type);
        match (&self.values, &other.values) {
            (None, _) => types_fit,
            (Some(allowed), Some(values)) => values.is_subset(allowed),
            (Some(_), None) => false,
        }
    }
}

/// The fields of a schema: `order.id`, `items[].sku`, and the document itself.
pub(crate) fn fields(schema: &Value) -> BTreeMap<String, SchemaField> {
    let mut found = BTreeMap::new();
    let document = field(resolved(schema, schema), true);
    if document.kind != "any" {
        found.insert(DOCUMENT.to_owned(), document);
    }
    collect(&mut found, schema, schema, "", &mut vec!["#".to_owned()]);
    found
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|reference| root.pointer(reference.strip_prefix('#')?));
    target.unwrap_or(schema)
}

fn collect(
    found: &mut BTreeMap<String, SchemaField>,
    root: &Value,
    schema: &Value,
    path: &str,
    within: &mut Vec<String>,
) {
    // A schema that contains itself has no end.
    let reference = schema["$ref"].as_str().map(ToOwned::to_owned);
    if within.len() >= DEEPEST || reference.as_ref().is_some_and(|reference| within.contains(reference)) {
        return;
    }
    within.push(reference.unwrap_or_default());
    let schema = resolved(root, schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(found, root, part, path, within);
    }
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = below(name);
        found.insert(path.clone(), field(resolved(root, property), required.contains(name.as_str())));
        collect(found, root, property, &path, within);
    }
    for name in required {
        found.entry(below(name)).or_insert_with(|| field(&Value::Bool(true), true)).is_required = true;
    }
    if schema["items"].is_object() {
        let path = format!("{path}[]");
        found.insert(path.clone(), field(resolved(root, &schema["items"]), false));
        collect(found, root, &schema["items"], &path, within);
    }
    within.pop();
}

fn field(schema: &Value, is_required: bool) -> SchemaField {
    let values = listed(schema).map(|values| values.iter().map(ToString::to_string).collect::<BTreeSet<_>>());
    let types: BTreeSet<String> = match &schema["type"] {
        Value::String(kind) => BTreeSet::from([kind.clone()]),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        // Values say their types.
        _ => listed(schema)
            .map(|values| values.iter().map(|value| type_of(value).to_owned()).collect())
            .unwrap_or_default(),
    };
    let words = |all: &BTreeSet<String>, between: &str| all.iter().cloned().collect::<Vec<_>>().join(between);
    let kind = match &values {
        Some(values) => words(values, ", "),
        None if types.is_empty() => "any".to_owned(),
        None => words(&types, " or "),
    };
    let about = schema["description"].as_str().map(ToOwned::to_owned);
    SchemaField { kind, is_required, about, types, values }
}

/// The only values of a schema.
fn listed(schema: &Value) -> Option<Vec<&Value>> {
    match (schema["enum"].as_array(), schema.get("const")) {
        (Some(values), _) => Some(values.iter().collect()),
        (None, Some(value)) => Some(vec![value]),
        (None, None) => None,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_through_references_lists_and_parts() {
        let schema = json!({
            "$defs": { "node": { "type": "object", "properties": { "next": { "$ref": "#/$defs/node" } } } },
            "allOf": [{ "required": ["id"], "properties": { "id": { "type": ["integer", "null"] } } }],
            "properties": { "items": { "type": "array", "items": { "properties": { "sku": { "enum": ["a"] } } } },
                            "node": { "$ref": "#/$defs/node" } },
            "required": ["items", "other"],
        });
        let found = fields(&schema);
        let told = |path: &str| (found[path].kind.as_str(), found[path].is_required);
        assert_eq!(told("id"), ("integer or null", true));
        assert_eq!(told("items"), ("array", true));
        assert_eq!(told("items[].sku"), ("\"a\"", false));
        assert_eq!(told("other"), ("any", true));
        assert_eq!(told("node.next"), ("object", false));
        assert!(!found.contains_key("node.next.next.next"), "it ends");
        let many: Value = (0..9)
            .map(|index| (format!("n{index}"), json!({ "$ref": "#" })))
            .collect::<serde_json::Map<_, _>>()
            .into();
        assert_eq!(fields(&json!({ "properties": many })).len(), 9, "a schema that contains itself often");
        assert_eq!(fields(&json!({ "type": "string" }))["(document)"].kind, "string");
    }

    #[test]
    fn a_field_takes_what_is_narrower() {
        let of = |schema: Value| field(&schema, true);
        let number = of(json!({ "type": "number" }));
        let integer = of(json!({ "type": "integer" }));
        let either = of(json!({ "enum": ["a", "b"] }));
        let one = of(json!({ "const": "a" }));
        let any = of(json!({}));
        assert!(number.takes(&integer) && !integer.takes(&number));
        assert!(either.takes(&one) && !one.takes(&either) && !either.takes(&any));
        assert!(any.takes(&number) && !number.takes(&any));
    }
}
