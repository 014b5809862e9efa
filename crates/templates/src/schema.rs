//! JSON Schemas in templates, and validation against them.

use std::fmt::{self, Write as _};

use serde_json::Value;

pub use jsonschema::Validator;

/// The maximum number of violations that are listed.
const MAX_FAULTS: usize = 20;
/// The maximum length of one with its place, in bytes. With [`MAX_FAULTS`], a list has less than 4 KiB.
const MAX_FAULT_BYTES: usize = 180;

/// Compiles a schema.
///
/// # Errors
/// Why it is not a valid JSON Schema.
pub fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| error.to_string())
}

/// A part of a document that does not match its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The part: a JSON Pointer (RFC 6901). Empty for the whole document.
    pub pointer: String,
    /// What is wrong with it, cut off after 180 bytes, because a violation quotes the value and is stored with the step.
    pub detail: String,
}

/// The violations of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    /// The first 20.
    pub list: Vec<Violation>,
    /// Whether there are more.
    pub has_more: bool,
}

impl Violations {
    /// Whether the document matches its schema.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// One line per violation.
    pub fn lines(&self) -> Vec<String> {
        let more = self.has_more.then(|| "  and more".to_owned());
        self.list.iter().map(ToString::to_string).chain(more).collect()
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "(top)" } else { &self.pointer };
        write!(formatter, "  {place}: {}", self.detail)
    }
}

/// Validates a value.
pub fn violations(validator: &Validator, value: &Value) -> Violations {
    let violation = |error: jsonschema::ValidationError<'_>| {
        let mut pointer = Line { text: String::new(), left: MAX_FAULT_BYTES };
        // Fails when the line is full.
        let _ = write!(pointer, "{}", error.instance_path());
        let mut detail = Line { text: String::new(), left: pointer.left };
        let _ = write!(detail, "{error}");
        Violation { pointer: pointer.text, detail: detail.text }
    };
    let mut errors = validator.iter_errors(value);
    let list = errors.by_ref().take(MAX_FAULTS).map(violation).collect();
    Violations { list, has_more: errors.next().is_some() }
}

/// Validates a value. Returns one line per violation, with its position in the document.
pub fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    violations(validator, value).lines()
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
        assert!(longest.len() > MAX_FAULT_BYTES && longest.ends_with('…'), "{longest}");
        assert_eq!(super::faults(&validator, &json!(["a"])), ["  /0: \"a\" is not of type \"integer\""]);
        let [only] = &violations(&validator, &json!(["a"])).list[..] else { panic!() };
        assert_eq!((only.pointer.as_str(), only.detail.as_str()), ("/0", "\"a\" is not of type \"integer\""));
    }
}
