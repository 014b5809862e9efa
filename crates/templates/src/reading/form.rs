//! Validates a document against the JSON Schema of the types that it is parsed into.

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use super::{
    document::{Document, escape},
    hint::did_you_mean,
    problem::{Code, Problems},
};

/// A kind of document with its schema.
pub(crate) struct Form {
    /// The name of this kind in messages.
    what: &'static str,
    pub(crate) schema: Value,
    validator: Validator,
}

impl Form {
    /// The kind whose schema is derived from `T`.
    pub(crate) fn of<T: JsonSchema>(what: &'static str) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        let schema = settings.into_generator().into_root_schema_for::<T>().to_value();
        let validator = jsonschema::validator_for(&schema)
            .unwrap_or_else(|error| unreachable!("the schema derived from the types is valid: {error}"));
        Self { what, schema, validator }
    }

    /// Returns every violation of the schema.
    pub(crate) fn check(&self, document: &Document) -> Problems {
        let mut problems = Problems::default();
        for error in self.validator.iter_errors(&document.value) {
            self.report(document, &error, &mut problems);
        }
        problems
    }

    fn report(&self, document: &Document, error: &ValidationError<'_>, problems: &mut Problems) {
        let pointer = error.instance_path().to_string();
        let step = step_name(&document.value, &pointer);
        let mut fields = pointer.rsplit('/');
        let subject = match fields.next().unwrap_or_default() {
            "" => self.what.to_owned(),
            index if index.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("`{}[{index}]`", fields.next().unwrap_or_default())
            }
            field => format!("`{field}`"),
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = known_fields(&self.schema, &error.schema_path().to_string());
                for name in unexpected {
                    let position = document.position(&format!("{pointer}/{}", escape(name)));
                    let hint = problems.hint(name, || known.clone());
                    let message = format!("unknown field `{name}`{hint}");
                    problems.error(Code::UnknownField, position, step.as_deref(), message);
                }
            }
            kind => {
                let message = match kind {
                    ValidationErrorKind::Required { property } => {
                        format!("{subject} needs the field {}", property.to_string().replace('"', "`"))
                    }
                    ValidationErrorKind::Minimum { limit } => {
                        format!("{subject} is {}, which is below the minimum, {limit}", error.instance())
                    }
                    ValidationErrorKind::Maximum { limit } => {
                        format!("{subject} is {}, which is above the maximum, {limit}", error.instance())
                    }
                    ValidationErrorKind::MinLength { .. } => format!("{subject} is empty"),
                    ValidationErrorKind::MaxLength { limit } => {
                        format!("{subject} is longer than {limit} characters")
                    }
                    _ => one_of(&self.schema, error).map_or_else(
                        || format!("{subject}: {error}"),
                        |options| {
                            let given = error.instance();
                            let hint =
                                given.as_str().map_or(String::new(), |text| did_you_mean(text, &options));
                            format!("{subject} is {given}; it must be one of {}{hint}", options.join(", "))
                        },
                    ),
                };
                problems.error(Code::BadValue, document.position(&pointer), step.as_deref(), message);
            }
        }
    }
}

/// The constants of an enumeration. Each is a separate schema, because it has a description.
fn one_of(schema: &Value, error: &ValidationError<'_>) -> Option<Vec<String>> {
    let path = error.schema_path().to_string();
    let alternatives = schema.pointer(&path)?.as_array()?;
    let constant = |alternative: &Value| match alternative.get("const").or(Some(alternative))? {
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    alternatives.iter().map(constant).collect()
}

/// The known fields of the object that has an unknown one.
fn known_fields(schema: &Value, schema_path: &str) -> Vec<String> {
    let object = schema_path.trim_end_matches("/additionalProperties");
    let properties = schema.pointer(&format!("{object}/properties")).and_then(Value::as_object);
    properties.map_or(Vec::new(), |map| map.keys().cloned().collect())
}

/// The name of the step that contains a JSON pointer.
fn step_name(value: &Value, pointer: &str) -> Option<String> {
    let index = pointer.strip_prefix("/steps/")?.split('/').next()?;
    value.pointer(&format!("/steps/{index}/name"))?.as_str().map(str::to_owned)
}
