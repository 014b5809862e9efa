//! Sets text from outside apart from what Tasker says.

use serde_json::{Map, Value};

/// The longest name that is shown as it is, in bytes.
const LONGEST_NAME: usize = 120;

/// Moves the fields `names` of an object under its key `untrusted`.
pub(crate) fn separate(value: Value, names: &[&str]) -> Value {
    let Value::Object(mut object) = value else { return value };
    let mut outside = Map::new();
    for name in names {
        if let Some(value) = object.remove(*name).filter(|value| !is_empty(value)) {
            outside.insert((*name).to_owned(), value);
        }
    }
    if let Some(kind) = object.get_mut("error_type") {
        let name = kind.as_str().map(identifier);
        *kind = name.map_or(Value::Null, Value::from);
    }
    if !outside.is_empty() {
        object.insert("untrusted".into(), outside.into());
    }
    object.into()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Removes the fields `names` of an object.
pub(crate) fn without(value: Value, names: &[&str]) -> Value {
    let Value::Object(mut object) = value else { return value };
    for name in names {
        object.remove(*name);
    }
    object.into()
}

/// Returns a name that prose may contain: the name itself if it looks like one, or a substitute.
pub(crate) fn identifier(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/@+#".contains(&byte);
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(is_plain) {
        name.to_owned()
    } else {
        "(no plain name)".to_owned()
    }
}

/// Returns at most `longest` bytes of a text. What was cut is marked.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(longest)];
    format!("{kept}… [{} bytes cut]", text.len() - kept.len())
}
