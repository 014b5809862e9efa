//! Compares what happened with what was expected.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Number, Value};

/// Whether a value is the expected one. `{"$between": [low, high]}` stands for a number, `{"$now": ms}` for a time that is so
/// near, `{"$length": n}` for a text or a list of that length.
pub(crate) fn same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), found) if expected.keys().any(|key| key.starts_with('$')) => {
            expected.iter().all(|(matcher, argument)| matches(matcher, argument, found))
        }
        (Value::Number(expected), Value::Number(found)) => same_number(expected, found),
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|(expected, found)| same(expected, found))
        }
        (Value::Object(expected), Value::Object(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .all(|(key, expected)| found.get(key).is_some_and(|found| same(expected, found)))
        }
        (expected, found) => expected == found,
    }
}

/// Whether an object has at least what is expected, at every level.
pub(crate) fn contains(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .all(|(key, expected)| found.get(key).is_some_and(|found| contains(expected, found))),
        (expected, found) => same(expected, found),
    }
}

fn matches(matcher: &str, argument: &Value, found: &Value) -> bool {
    match matcher {
        "$between" => found.as_f64().is_some_and(|found| {
            argument[0].as_f64().is_some_and(|low| low <= found)
                && argument[1].as_f64().is_some_and(|high| found <= high)
        }),
        "$now" => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs_f64()
                * 1000.0;
            found.as_f64().zip(argument.as_f64()).is_some_and(|(found, near)| (found - now).abs() <= near)
        }
        "$length" => {
            let length = match found {
                Value::String(text) => text.chars().count(),
                Value::Array(items) => items.len(),
                _ => return false,
            };
            argument.as_u64() == Some(length as u64)
        }
        other => panic!("`{other}` is no matcher"),
    }
}

/// Integers are the same if all digits are; `1` and `1.0` are the same.
fn same_number(expected: &Number, found: &Number) -> bool {
    let is_whole = |number: &Number| number.is_i64() || number.is_u64();
    expected == found || (!(is_whole(expected) && is_whole(found)) && expected.as_f64() == found.as_f64())
}

/// JSON for a message, cut.
pub(crate) fn shown(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > 2000 {
        text.truncate(text.floor_char_boundary(2000));
        text.push('…');
    }
    text
}
