//! From JSON Schema to shapes: its common part. What a type cannot say is [`Shape::Unknown`], never an error.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde_json::{Map, Value};

use super::{
    names::{pascal, unique},
    shape::{Declaration, Field, Kind, Shape},
};

/// How deep schemas are read. A deeper one is unknown.
const DEEPEST: usize = 64;

/// Reads schemas, and collects what they declare.
pub(super) struct Reader {
    declarations: Vec<Declaration>,
    taken: BTreeSet<String>,
}

/// A schema that is being read, as a whole: references lead into it.
struct Document<'a> {
    root: &'a Value,
    /// The names of what references lead to, and whether it is still being read.
    known: BTreeMap<String, (String, bool)>,
    depth: usize,
}

impl Reader {
    /// A reader that uses these names for nothing by itself.
    pub(super) fn new(reserved: impl IntoIterator<Item = String>) -> Self {
        Self { declarations: Vec::new(), taken: reserved.into_iter().collect() }
    }

    /// A name that nothing else has.
    pub(super) fn reserve(&mut self, name: &str) -> String {
        unique(&mut self.taken, name.to_owned())
    }

    /// Those that others use come before them, if they do not use each other.
    pub(super) fn into_declarations(self) -> Vec<Declaration> {
        self.declarations
    }

    /// Declares the type of a schema under this name, which is reserved.
    pub(super) fn declare(&mut self, name: &str, schema: Option<&Value>, otherwise: Option<&str>) {
        let root = schema.unwrap_or(&Value::Null);
        let mut document = Document { root, known: BTreeMap::new(), depth: 0 };
        document.known.insert("#".to_owned(), (name.to_owned(), true));
        self.declare_in(&mut document, name, root, otherwise);
    }

    fn declare_in(
        &mut self,
        document: &mut Document<'_>,
        name: &str,
        schema: &Value,
        otherwise: Option<&str>,
    ) {
        let about = about(schema).or_else(|| otherwise.map(str::to_owned));
        let kind = match properties(schema) {
            Some(properties) => Kind::Object(self.fields(document, name, schema, properties)),
            None => Kind::Alias(self.read(document, schema, name, true)),
        };
        self.declarations.push(Declaration { name: name.to_owned(), about, kind });
    }

    /// The fields of an object, each once.
    fn fields(
        &mut self,
        document: &mut Document<'_>,
        name: &str,
        schema: &Value,
        properties: &Map<String, Value>,
    ) -> Vec<Field> {
        let required = required(schema);
        let field = |(key, schema): (&String, &Value)| Field {
            name: key.clone(),
            about: about(schema),
            shape: self.read(document, schema, &format!("{name}{}", pascal(key)), false),
            is_required: required.contains(&key.as_str()),
        };
        let mut fields: Vec<Field> = properties.iter().map(field).collect();
        // Nothing is said of these but that they must be there.
        let unsaid = required.iter().filter(|key| !properties.contains_key(**key));
        fields.extend(unsaid.map(|key| Field {
            name: (*key).to_owned(),
            about: None,
            shape: Shape::Unknown,
            is_required: true,
        }));
        fields
    }

    /// The shape of a schema. `name` is for what has to be declared; `is_declared` says that it is the name of this schema.
    fn read(&mut self, document: &mut Document<'_>, schema: &Value, name: &str, is_declared: bool) -> Shape {
        if document.depth >= DEEPEST {
            return Shape::Unknown;
        }
        document.depth += 1;
        let shape = self.read_within(document, schema, name, is_declared);
        document.depth -= 1;
        if schema["nullable"] == Value::Bool(true) { shape.nullable() } else { shape }
    }

    fn read_within(
        &mut self,
        document: &mut Document<'_>,
        schema: &Value,
        name: &str,
        is_declared: bool,
    ) -> Shape {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.follow(document, reference);
        }
        if let Some(value) = schema.get("const") {
            return self.literals(std::slice::from_ref(value), name, is_declared);
        }
        if let Some(values) = schema["enum"].as_array() {
            return self.literals(values, name, is_declared);
        }
        for key in ["oneOf", "anyOf"] {
            // With properties beside them, they only restrict these.
            if let (Some(choices), None) = (schema[key].as_array(), properties(schema)) {
                let named = |(index, choice): (usize, &Value)| {
                    let own = choice["title"].as_str().map_or_else(|| (index + 1).to_string(), pascal);
                    self.read(document, choice, &format!("{name}{own}"), false)
                };
                let shapes = choices.iter().enumerate().map(named).collect();
                return self.union(shapes, name, is_declared);
            }
        }
        if let Some([only]) = schema["allOf"].as_array().map(Vec::as_slice) {
            return self.read(document, only, name, is_declared);
        }
        if let Some(kinds) = schema["type"].as_array() {
            let of_kind = |kind: &Value| {
                let mut alone = schema.clone();
                alone["type"] = kind.clone();
                self.read(document, &alone, name, false)
            };
            let shapes = kinds.iter().map(of_kind).collect();
            return self.union(shapes, name, is_declared);
        }
        self.of_type(document, schema, name)
    }

    fn of_type(&mut self, document: &mut Document<'_>, schema: &Value, name: &str) -> Shape {
        if properties(schema).is_some() {
            let name = self.reserve(name);
            self.declare_in(document, &name, schema, None);
            return Shape::Named { name, is_recursive: false };
        }
        match schema["type"].as_str() {
            Some("null") => Shape::Null,
            Some("boolean") => Shape::Boolean,
            Some("integer") => Shape::Integer,
            Some("number") => Shape::Number,
            Some("string") => Shape::Text,
            Some("array") => self.list(document, schema, name),
            None if schema.get("items").is_some() => self.list(document, schema, name),
            Some("object") => {
                let values =
                    self.read(document, &schema["additionalProperties"], &format!("{name}Value"), false);
                Shape::Map(Box::new(values))
            }
            _ => Shape::Unknown,
        }
    }

    fn list(&mut self, document: &mut Document<'_>, schema: &Value, name: &str) -> Shape {
        // A tuple holds several types.
        let is_tuple = schema.get("prefixItems").is_some() || schema["items"].is_array();
        let items = if is_tuple {
            Shape::Unknown
        } else {
            self.read(document, &schema["items"], &format!("{name}Item"), false)
        };
        Shape::List(Box::new(items))
    }

    /// Follows a reference within the document. Others are unknown.
    fn follow(&mut self, document: &mut Document<'_>, reference: &str) -> Shape {
        if let Some((name, is_open)) = document.known.get(reference) {
            return Shape::Named { name: name.clone(), is_recursive: *is_open };
        }
        let Some(target) = reference.strip_prefix('#').and_then(|pointer| document.root.pointer(pointer))
        else {
            return Shape::Unknown;
        };
        let target = target.clone();
        let last = reference.rsplit('/').next().unwrap_or_default();
        let name = self.reserve(&pascal(last));
        document.known.insert(reference.to_owned(), (name.clone(), true));
        self.declare_in(document, &name, &target, None);
        document.known.insert(reference.to_owned(), (name.clone(), false));
        Shape::Named { name, is_recursive: false }
    }

    fn literals(&mut self, values: &[Value], name: &str, is_declared: bool) -> Shape {
        let (mut rest, has_null) = without_null(values.to_vec(), &Value::Null);
        rest.dedup();
        let shape = match &rest[..] {
            [] if has_null => return Shape::Null,
            [] => return Shape::Unknown,
            // Only such values have types in most languages.
            _ if rest.iter().all(|value| !value.is_object() && !value.is_array()) => {
                let name = if is_declared { name.to_owned() } else { self.reserve(name) };
                Shape::Literals { name, values: rest }
            }
            _ => return Shape::Unknown,
        };
        if has_null { shape.nullable() } else { shape }
    }

    fn union(&mut self, shapes: Vec<Shape>, name: &str, is_declared: bool) -> Shape {
        let is_nullable = |shape: &Shape| matches!(shape, Shape::Nullable(_));
        let any_nullable = shapes.iter().any(is_nullable);
        let plain = shapes.into_iter().map(|shape| match shape {
            Shape::Nullable(shape) => *shape,
            shape => shape,
        });
        let (mut rest, has_null) = without_null(plain.collect(), &Shape::Null);
        let mut distinct: Vec<Shape> = Vec::new();
        rest.retain(|shape| {
            let is_new = !distinct.contains(shape);
            distinct.push(shape.clone());
            is_new
        });
        let shape = match rest.len() {
            0 if has_null => return Shape::Null,
            0 => return Shape::Unknown,
            1 => rest.remove(0),
            _ if rest.contains(&Shape::Unknown) => Shape::Unknown,
            _ => Shape::Union {
                name: if is_declared { name.to_owned() } else { self.reserve(name) },
                of: rest,
            },
        };
        if has_null || any_nullable { shape.nullable() } else { shape }
    }
}

fn without_null<T: PartialEq>(mut all: Vec<T>, null: &T) -> (Vec<T>, bool) {
    let before = all.len();
    all.retain(|one| one != null);
    let has_null = all.len() < before;
    (all, has_null)
}

/// The properties of an object. None: it may have any, or is none.
fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    let kind = schema.get("type");
    match schema["properties"].as_object() {
        Some(properties) if kind.is_none_or(|kind| kind == "object") && !properties.is_empty() => {
            Some(properties)
        }
        _ if kind.is_some_and(|kind| kind == "object") && !required(schema).is_empty() => Some(&NONE),
        _ => None,
    }
}

fn required(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a schema says about itself.
fn about(schema: &Value) -> Option<String> {
    let text = schema["description"].as_str().or_else(|| schema["title"].as_str())?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
