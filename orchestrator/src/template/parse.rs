//! Reading a template: text, then its form against the schema of [`Template`], then its meaning.

use std::sync::LazyLock;

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{
    document::{Document, Node, escape},
    model::Template,
    older::accept_older_names,
    problem::{Code, Problems},
    validate::validate,
};

/// A template that can be published, with what is odd about it.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The template.
    pub template: Template,
    /// Warnings.
    pub warnings: Problems,
}

/// Reads and checks a template in YAML or JSON.
///
/// # Errors
/// Every fault that was found, with its place.
pub fn parse(text: &str) -> Result<Parsed, Problems> {
    let mut tree = Node::read(text)?;
    accept_older_names(&mut tree);
    read(tree)
}

/// Checks what was read, in the current format.
pub(super) fn read(tree: Node) -> Result<Parsed, Problems> {
    let document = tree.document();
    let problems = check_form(&document);
    if !problems.is_publishable() {
        return Err(problems.sorted());
    }
    let template: Template = match serde_json::from_value(document.value.clone()) {
        Ok(template) => template,
        Err(error) => {
            let mut problems = Problems::default();
            problems.error(Code::BadValue, document.position(""), None, error.to_string());
            return Err(problems);
        }
    };
    let problems = validate(&template, &|pointer| document.position(pointer)).sorted();
    if problems.is_publishable() { Ok(Parsed { template, warnings: problems }) } else { Err(problems) }
}

/// The JSON Schema of the template format, for editors.
pub fn template_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<Template>().to_value()
}

pub(super) static VALIDATOR: LazyLock<(Value, Validator)> = LazyLock::new(|| {
    let schema = template_schema();
    let validator = jsonschema::validator_for(&schema)
        .unwrap_or_else(|error| unreachable!("the schema derived from the types is valid: {error}"));
    (schema, validator)
});

fn check_form(document: &Document) -> Problems {
    let mut problems = Problems::default();
    let (schema, validator) = &*VALIDATOR;
    for error in validator.iter_errors(&document.value) {
        report(document, schema, &error, &mut problems);
    }
    problems
}

fn report(document: &Document, schema: &Value, error: &ValidationError<'_>, problems: &mut Problems) {
    let pointer = error.instance_path().to_string();
    let step = step_name(&document.value, &pointer);
    let field = pointer.rsplit('/').next().unwrap_or_default();
    let subject = if field.is_empty() { "the template".to_owned() } else { format!("`{field}`") };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = known_fields(schema, &error.schema_path().to_string());
            for name in unexpected {
                let position = document.position(&format!("{pointer}/{}", escape(name)));
                let message = format!("unknown field `{name}`{}", did_you_mean(name, &known));
                problems.error(Code::UnknownField, position, step.as_deref(), message);
            }
        }
        kind => {
            let message = match kind {
                ValidationErrorKind::Required { property } => {
                    format!("{subject} needs the field {}", property.to_string().replace('"', "`"))
                }
                ValidationErrorKind::Minimum { limit } => {
                    format!("{subject} is {}, which is below the least, {limit}", error.instance())
                }
                ValidationErrorKind::Maximum { limit } => {
                    format!("{subject} is {}, which is above the most, {limit}", error.instance())
                }
                ValidationErrorKind::MinLength { .. } => format!("{subject} is empty"),
                ValidationErrorKind::MaxLength { limit } => {
                    format!("{subject} is longer than {limit} characters")
                }
                _ => one_of(schema, error).map_or_else(
                    || format!("{subject}: {error}"),
                    |options| {
                        let given = error.instance();
                        let hint = given.as_str().map_or(String::new(), |text| did_you_mean(text, &options));
                        format!("{subject} is {given}; it can be {}{hint}", options.join(", "))
                    },
                ),
            };
            problems.error(Code::BadValue, document.position(&pointer), step.as_deref(), message);
        }
    }
}

/// The constants of an enumeration, each of which carries its own description in the schema.
fn one_of(schema: &Value, error: &ValidationError<'_>) -> Option<Vec<String>> {
    let path = error.schema_path().to_string();
    let alternatives = schema.pointer(&path)?.as_array()?;
    let constant = |alternative: &Value| match alternative.get("const").or(Some(alternative))? {
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    alternatives.iter().map(constant).collect()
}

/// The fields of the object whose `additionalProperties` refused one.
fn known_fields(schema: &Value, schema_path: &str) -> Vec<String> {
    let object = schema_path.trim_end_matches("/additionalProperties");
    let properties = schema.pointer(&format!("{object}/properties")).and_then(Value::as_object);
    properties.map_or(Vec::new(), |map| map.keys().cloned().collect())
}

/// `; did you mean ...?`, if one of the options is near.
pub(crate) fn did_you_mean(given: &str, options: &[String]) -> String {
    let nearest = options.iter().max_by(|left, right| {
        strsim::jaro_winkler(left, given).total_cmp(&strsim::jaro_winkler(right, given))
    });
    match nearest {
        Some(nearest) if strsim::jaro_winkler(nearest, given) > 0.8 => format!("; did you mean `{nearest}`?"),
        _ if options.is_empty() => String::new(),
        _ => format!("; known are {}", options.join(", ")),
    }
}

/// The name of the step that a pointer leads into.
fn step_name(value: &Value, pointer: &str) -> Option<String> {
    let index = pointer.strip_prefix("/steps/")?.split('/').next()?;
    value.pointer(&format!("/steps/{index}/name"))?.as_str().map(str::to_owned)
}
