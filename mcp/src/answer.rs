//! Keeps answers short: 40,000 bytes, because clients refuse about 25,000 tokens.

use rmcp::model::CallToolResult;
use serde_json::{Map, Value, json};

use crate::{failure::Failure, untrusted::cut};

/// The most bytes of an answer, of which its structured form and its text have part each.
const LONGEST: usize = 40_000;
/// What the protocol adds.
const ENVELOPE: usize = 500;
/// The longest text and the most entries within text from outside: the first that fit are used.
pub(crate) const LEVELS: [(usize, usize); 5] = [(2_000, 100), (500, 50), (200, 20), (80, 10), (40, 3)];

/// The bytes that a mark of a cut takes at most: what was cut once is not cut again for its mark.
const MARK: usize = 40;

/// The bytes that a value takes in an answer: once as it is, and once as text.
pub(crate) fn size(value: &Value) -> usize {
    let text = value.to_string();
    // Within a text in JSON, quotation marks and backslashes take two bytes. Control characters are escaped already.
    text.len() * 2 + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

/// The bytes that are left beside a part of an answer.
pub(crate) fn room_beside(part: &Value) -> usize {
    (LONGEST - ENVELOPE).saturating_sub(size(part))
}

/// Whether a value is short enough for an answer.
pub(crate) fn fits(value: &Value) -> bool {
    size(value) <= LONGEST - ENVELOPE
}

/// Shortens the text from outside in a value. Says whether something was cut.
pub(crate) fn shorten(value: &mut Value, (longest, most): (usize, usize)) -> bool {
    match value {
        Value::Object(object) => {
            let mut has_cut = false;
            for (name, value) in object.iter_mut() {
                has_cut |= if name == "untrusted" {
                    shorten_outside(value, longest, most, 12)
                } else {
                    shorten(value, (longest, most))
                };
            }
            has_cut
        }
        Value::Array(items) => {
            let mut has_cut = false;
            for item in items {
                has_cut |= shorten(item, (longest, most));
            }
            has_cut
        }
        _ => false,
    }
}

fn shorten_outside(value: &mut Value, longest: usize, most: usize, depth: usize) -> bool {
    match value {
        Value::String(text) if text.len() > longest + MARK => {
            *text = cut(text, longest);
            true
        }
        Value::Array(_) | Value::Object(_) if depth == 0 => {
            *value = json!("… [nested too deeply, cut]");
            true
        }
        Value::Array(items) => {
            let more = if items.len() > most + 1 { items.len() - most } else { 0 };
            items.truncate(items.len() - more);
            let mut has_cut = more > 0;
            for item in items.iter_mut() {
                has_cut |= shorten_outside(item, longest, most, depth - 1);
            }
            if more > 0 {
                items.push(format!("… [{more} entries cut]").into());
            }
            has_cut
        }
        Value::Object(object) => {
            let count = object.len();
            let allowed = if count > most + 1 { most } else { count };
            let mut kept: Map<String, Value> = std::mem::take(object)
                .into_iter()
                .filter(|(name, _)| name.len() <= longest.max(200))
                .take(allowed)
                .collect();
            let more = count - kept.len();
            let mut has_cut = more > 0;
            for value in kept.values_mut() {
                has_cut |= shorten_outside(value, longest, most, depth - 1);
            }
            if more > 0 {
                kept.insert("…".into(), format!("[{more} entries cut]").into());
            }
            *object = kept;
            has_cut
        }
        _ => false,
    }
}

/// Shortens all lists and texts, wherever they come from, except what another call needs as it is.
fn shorten_all(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                if !matches!(name.as_str(), "confirm" | "next_cursor" | "mermaid") {
                    shorten_all(value);
                }
            }
        }
        Value::Array(items) => {
            let more = items.len().saturating_sub(20);
            items.truncate(20);
            items.iter_mut().for_each(shorten_all);
            if more > 0 {
                items.push(format!("… [{more} entries cut]").into());
            }
        }
        Value::String(text) => *text = cut(text, 300),
        _ => {}
    }
}

/// Makes a value fit: shortens text from outside as far as needed, then everything.
pub(crate) fn fit(value: &Value) -> Value {
    for level in LEVELS {
        let mut shortened = value.clone();
        let has_cut = shorten(&mut shortened, level);
        if has_cut {
            mark(&mut shortened, "Long texts were cut: ask for one step or one document to see more.");
        }
        if fits(&shortened) {
            return shortened;
        }
    }
    let mut shortened = value.clone();
    shorten(&mut shortened, LEVELS[LEVELS.len() - 1]);
    shorten_all(&mut shortened);
    mark(&mut shortened, "Long lists were cut: ask for less, with a filter or a smaller `limit`.");
    if fits(&shortened) {
        return shortened;
    }
    let next = "The answer is too long: ask for less, with a filter or a smaller `limit`.";
    json!({ "truncated": true, "next": next })
}

/// Says that an answer is not complete, and what to ask for instead, unless it says so already.
fn mark(value: &mut Value, next: &str) {
    if let Value::Object(object) = value {
        object.insert("truncated".into(), true.into());
        object.entry("next").or_insert_with(|| next.into());
    }
}

/// The result of a tool in the form of the protocol: structured, and as text.
pub(crate) fn result(outcome: Result<Value, Failure>) -> CallToolResult {
    match outcome {
        Ok(value) => CallToolResult::structured(fit(&value)),
        Err(failure) => CallToolResult::structured_error(fit(&failure.into_value())),
    }
}
