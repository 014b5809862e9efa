//! JSON Schemas in templates, and validation against them.

use serde_json::Value;

pub use jsonschema::Validator;

/// Compiles a schema.
///
/// # Errors
/// Why it is not a valid JSON Schema.
pub fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| error.to_string())
}

/// Validates a value. Returns one line per violation, with its position in the document.
pub fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let line = |error: jsonschema::ValidationError<'_>| {
        let path = error.instance_path().to_string();
        let place = if path.is_empty() { "(top)" } else { &path };
        format!("  {place}: {error}")
    };
    validator.iter_errors(value).map(line).collect()
}
