//! JSON Schemas in templates, and validation against them.

use std::fmt::{self, Write as _};

use serde_json::Value;

pub use jsonschema::Validator;

/// The maximum number of violations that are listed.
const MAX_FAULTS: usize = 20;
/// The maximum length of one, in bytes. With [`MAX_FAULTS`], a list has less than 4 KiB.
const MAX_FAULT_BYTES: usize = 180;

/// Compiles a schema.
///
/// # Errors
/// Why it is not a valid JSON Schema.
pub fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| error.to_string())
}

/// Validates a value. Returns one line per violation, with its position in the document: at most [`MAX_FAULTS`] lines, each
/// cut off at [`MAX_FAULT_BYTES`], because a violation quotes the value and is stored with the step.
pub fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let line = |error: jsonschema::ValidationError<'_>| {
        let path = error.instance_path().to_string();
        let place = if path.is_empty() { "(top)" } else { &path };
        let mut line = Line { text: String::new(), left: MAX_FAULT_BYTES };
        // Fails when the line is full.
        let _ = write!(line, "  {place}: {error}");
        line.text
    };
    let mut errors = validator.iter_errors(value);
    let mut faults: Vec<String> = errors.by_ref().take(MAX_FAULTS).map(line).collect();
    if errors.next().is_some() {
        faults.push("  and more".to_owned());
    }
    faults
}

/// A text that is cut off when it is full.
struct Line {
    text: String,
    left: usize,
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.floor_char_boundary(self.left);
        self.text.push_str(&text[..end]);
        self.left -= end;
        if end < text.len() {
            self.text.push('…');
            return Err(fmt::Error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_faults_of_a_large_value_are_few_and_short() {
        let validator = validator(&json!({ "items": { "type": "integer" }, "maxItems": 1 })).unwrap();
        let value = Value::from(vec!["é".repeat(10_000); 100]);
        let faults = faults(&validator, &value);
        assert_eq!(faults.len(), MAX_FAULTS + 1);
        assert!(faults.iter().map(String::len).sum::<usize>() <= 4096, "{faults:?}");
        let longest = faults.iter().find(|fault| fault.starts_with("  /0: ")).unwrap();
        assert!(longest.len() > MAX_FAULT_BYTES - 4 && longest.ends_with('…'), "{longest}");
        assert_eq!(super::faults(&validator, &json!(["a"])), ["  /0: \"a\" is not of type \"integer\""]);
    }
}
