//! The arguments of a tool: what it takes, as data, and the check of what it gets.

use serde_json::{Map, Value, json};

use crate::{failure::Failure, untrusted::identifier};

/// What an argument may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A text.
    Text,
    /// A UUID with hyphens.
    Uuid,
    /// A whole number within bounds.
    Integer(i64, i64),
    /// A number of seconds, up to a bound.
    Seconds(u32),
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Several texts.
    Texts,
    /// An object.
    Object,
    /// Any JSON value.
    Any,
    /// Several JSON values.
    Values,
}

/// An argument of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub(crate) name: &'static str,
    kind: Kind,
    is_required: bool,
    description: &'static str,
}

/// An argument that must be there.
pub const fn required(name: &'static str, kind: Kind, description: &'static str) -> Field {
    Field { name, kind, is_required: true, description }
}

/// An argument that may be absent.
pub const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Field {
    Field { name, kind, is_required: false, description }
}

/// What tools that change something take besides.
pub(crate) const CONFIRM: Field = optional(
    "confirm",
    Kind::Text,
    "The token of the preview. Without it nothing changes and a preview is returned.",
);

/// JSON Schema of an object with these arguments.
pub(crate) fn schema(fields: &[Field]) -> Map<String, Value> {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    Map::from_iter([
        ("type".to_owned(), "object".into()),
        ("properties".to_owned(), properties.into()),
        ("required".to_owned(), required.into()),
        ("additionalProperties".to_owned(), false.into()),
    ])
}

impl Field {
    fn schema(&self) -> Value {
        let mut schema = match self.kind {
            Kind::Text => json!({ "type": "string" }),
            Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
            Kind::Integer(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Kind::Seconds(most) => json!({ "type": "number", "minimum": 0, "maximum": most }),
            Kind::Boolean => json!({ "type": "boolean" }),
            Kind::Choice(words) => json!({ "type": "string", "enum": words }),
            Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Kind::Object => json!({ "type": "object" }),
            Kind::Any => json!({}),
            Kind::Values => json!({ "type": "array" }),
        };
        schema["description"] = self.description.into();
        schema
    }

    /// Says what a value is not. None: it fits.
    fn misfit(&self, value: &Value) -> Option<String> {
        let (fits, expected) = match self.kind {
            Kind::Text => (value.is_string(), "a text".to_owned()),
            Kind::Uuid => (value.as_str().is_some_and(is_uuid), "a UUID".to_owned()),
            Kind::Integer(least, most) => (
                value.as_i64().is_some_and(|number| (least..=most).contains(&number)),
                format!("a whole number from {least} to {most}"),
            ),
            Kind::Seconds(most) => (
                value.as_f64().is_some_and(|number| (0.0..=f64::from(most)).contains(&number)),
                format!("a number of seconds from 0 to {most}"),
            ),
            Kind::Boolean => (value.is_boolean(), "`true` or `false`".to_owned()),
            Kind::Choice(words) => (
                value.as_str().is_some_and(|word| words.contains(&word)),
                format!("one of {}", words.join(", ")),
            ),
            Kind::Texts => (
                value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
                "a list of texts".to_owned(),
            ),
            Kind::Object => (value.is_object(), "an object".to_owned()),
            Kind::Any => (true, String::new()),
            Kind::Values => (value.is_array(), "a list".to_owned()),
        };
        (!fits).then(|| format!("`{}` must be {expected}", self.name))
    }
}

/// Whether a text is a UUID in the form with hyphens.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Arguments that fit the fields of their tool.
#[derive(Debug, Clone, Default)]
pub struct Arguments(Map<String, Value>);

impl Arguments {
    /// Checks the arguments of a call. One that is `null` counts as absent, except where any value is allowed.
    ///
    /// # Errors
    /// `invalid_arguments`: one is missing, unknown or wrong.
    pub(crate) fn check(mut given: Map<String, Value>, fields: &[Field]) -> Result<Self, Failure> {
        let find = |name: &str| fields.iter().find(|field| field.name == name);
        given.retain(|name, value| {
            !value.is_null() || find(name).is_none_or(|field| matches!(field.kind, Kind::Any))
        });
        for (name, value) in &given {
            let Some(field) = find(name) else {
                let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
                let detail = format!(
                    "there is no argument `{}`; this tool takes: {}",
                    identifier(name),
                    known.join(", ")
                );
                return Err(Failure::invalid_arguments(detail));
            };
            if let Some(misfit) = field.misfit(value) {
                return Err(Failure::invalid_arguments(misfit));
            }
        }
        if let Some(field) = fields.iter().find(|field| field.is_required && !given.contains_key(field.name))
        {
            let detail = format!("`{}` is missing: {}", field.name, field.description);
            return Err(Failure::invalid_arguments(detail));
        }
        Ok(Self(given))
    }

    /// Takes out the token of a preview.
    pub(crate) fn take_confirm(&mut self) -> Option<String> {
        self.0.remove(CONFIRM.name)?.as_str().map(ToOwned::to_owned)
    }

    /// The argument of this name, if it is there.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The argument of this name, if it is there and a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// The argument of this name, if it is there and a whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// Whether the argument of this name is `true`.
    pub fn is_set(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The named arguments that are there, as an object.
    pub(crate) fn pick(&self, names: &[&str]) -> Map<String, Value> {
        names
            .iter()
            .filter_map(|name| self.0.get(*name).map(|value| ((*name).to_owned(), value.clone())))
            .collect()
    }
}
