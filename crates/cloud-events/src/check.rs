//! Validation of single attributes: text, extension names and values, URI references, media types.

use serde_json::Value;

use crate::error::EventError;

/// The longest attribute value, in bytes. Our limit; the specification sets none.
const MAX_ATTRIBUTE: usize = 4096;
/// The longest extension name, as CloudEvents 1.0 recommends.
const MAX_NAME: usize = 20;

pub(super) fn check_text(name: &str, text: &str) -> Result<(), EventError> {
    if text.is_empty() {
        return Err(EventError::of(name, "is empty"));
    }
    if text.len() > MAX_ATTRIBUTE {
        return Err(EventError::of(name, format_args!("is longer than {MAX_ATTRIBUTE} bytes")));
    }
    match text.chars().find(|character| character.is_control()) {
        Some(character) => {
            Err(EventError::of(name, format_args!("contains the control character {character:?}")))
        }
        None => Ok(()),
    }
}

pub(super) fn check_extension(name: &str, value: &Value) -> Result<(), EventError> {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_letter) || name == "data" {
        let fault = format!("is not a valid attribute name: use 1 to {MAX_NAME} characters of a-z and 0-9");
        return Err(EventError::of(name, fault));
    }
    match value {
        // Extensions may be empty; the specification requires only its own attributes to be non-empty.
        Value::String(text) if text.is_empty() => Ok(()),
        Value::String(text) => check_text(name, text),
        Value::Bool(_) => Ok(()),
        Value::Number(number) if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()) => {
            Ok(())
        }
        other => {
            let fault = format!("must be a string, a boolean or a 32-bit integer, not {other}");
            Err(EventError::of(name, fault))
        }
    }
}

/// The scheme of a URI; None if it has none.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let usual = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    (scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.chars().all(usual))
        .then_some(scheme)
}

/// Checks the characters of a URI reference and its first segment, by RFC 3986.
pub(super) fn check_uri_reference(name: &str, text: &str) -> Result<(), EventError> {
    let refuse =
        |fault: String| Err(EventError::of(name, format_args!("is `{text}`, not a URI reference: {fault}")));
    let rest = scheme(text).map_or(text, |scheme| &text[scheme.len() + 1..]);
    if scheme(text).is_none() && text.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':')) {
        return refuse("the text before its first `:` is not a scheme".to_owned());
    }
    let authority =
        rest.strip_prefix("//").map_or("", |rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    let mut fragments = 0;
    for (index, character) in text.char_indices() {
        let allowed = match character {
            '%' => text
                .get(index + 1..index + 3)
                .is_some_and(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit())),
            '#' => {
                fragments += 1;
                fragments == 1
            }
            '[' | ']' => authority.contains(character),
            other => other.is_ascii_alphanumeric() || "-._~:/?@!$&'()*+,;=".contains(other),
        };
        if !allowed {
            return refuse(format!("{character:?} is not allowed there; percent-encode it"));
        }
    }
    Ok(())
}

pub(super) fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        !part.is_empty()
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "!#$&-^_.+".contains(letter))
    };
    essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}
