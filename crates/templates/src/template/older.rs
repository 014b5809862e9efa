//! Field names of earlier format versions, and fields that are ignored now.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::reading::{Content, Entry, Node, Position};

/// A field that is not in the current format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// The position of the field.
    pub position: Position,
    /// The name of the affected step, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The name in the text.
    pub field: String,
    /// The current name. Absent if the field has no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// The necessary edits of the text.
    #[serde(skip)]
    pub(super) edits: Vec<Edit>,
}

/// An edit of a text. Character indexes count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edit {
    /// Replace a range of characters.
    Replace(Range<usize>, String),
    /// Remove an entry: its range, the end of the value before it, and the start of the key after it.
    Remove(Range<usize>, Option<usize>, Option<usize>),
}

/// A renamed field.
struct Older {
    /// The keys that lead to the containing mapping. `*` matches any key or item.
    place: &'static [&'static str],
    old: &'static str,
    now: &'static str,
    /// Whether the old field was in seconds; the new one is in milliseconds.
    in_seconds: bool,
}

const STEP: &[&str] = &["steps", "*"];
const RETRY: &[&str] = &["steps", "*", "retry"];
const RETRY_OVERRIDE: &[&str] = &["environments", "*", "steps", "*", "retry"];

const fn renamed(place: &'static [&'static str], old: &'static str, now: &'static str) -> Older {
    Older { place, old, now, in_seconds: false }
}

const fn seconds(place: &'static [&'static str], old: &'static str, now: &'static str) -> Older {
    Older { place, old, now, in_seconds: true }
}

const OLDER: &[Older] = &[
    renamed(STEP, "depends_on", "dependencies"),
    renamed(STEP, "step_type", "type"),
    renamed(RETRY, "limit", "max_attempts"),
    seconds(RETRY, "initial_delay", "backoff_base_ms"),
    seconds(RETRY, "max_delay", "max_backoff_ms"),
    renamed(RETRY_OVERRIDE, "limit", "max_attempts"),
    seconds(RETRY_OVERRIDE, "initial_delay", "backoff_base_ms"),
    seconds(RETRY_OVERRIDE, "max_delay", "max_backoff_ms"),
];

/// A field that earlier versions of Tasker added to templates they loaded.
const IGNORED: &str = "loaded_from";

/// Renames old fields and removes ignored ones. Returns the changes.
pub(super) fn accept_older_names(tree: &mut Node) -> Vec<Change> {
    let mut changes = Vec::new();
    for older in OLDER {
        visit(tree, older.place, None, &mut |node, step| changes.extend(rename(node, step, older)));
    }
    if let Some(entries) = tree.entries()
        && let Some(index) = entries.iter().position(|entry| entry.key == IGNORED)
    {
        changes.push(remove(entries, index, None, IGNORED.to_owned()));
    }
    changes
}

/// Visits every mapping at a place, with the name of the step that contains it.
fn visit(
    node: &mut Node,
    place: &[&str],
    step: Option<&str>,
    found: &mut impl FnMut(&mut Node, Option<&str>),
) {
    let Some((next, rest)) = place.split_first() else { return found(node, step) };
    match &mut node.content {
        Content::Mapping(entries) => {
            for entry in entries.iter_mut().filter(|entry| *next == "*" || entry.key == *next) {
                visit(&mut entry.value, rest, step, found);
            }
        }
        Content::Sequence(items) if *next == "*" => {
            for item in items {
                let name = name_of(item);
                visit(item, rest, name.as_deref().or(step), found);
            }
        }
        Content::Sequence(_) | Content::Scalar(_) => {}
    }
}

/// The `name` field of a mapping.
pub(super) fn name_of(node: &mut Node) -> Option<String> {
    match &node.entries()?.iter().find(|entry| entry.key == "name")?.value.content {
        Content::Scalar(Value::String(name)) => Some(name.clone()),
        _ => None,
    }
}

fn rename(node: &mut Node, step: Option<&str>, older: &Older) -> Option<Change> {
    let entries = node.entries()?;
    // If both names are given, the old one is reported as an unknown field.
    if entries.iter().any(|entry| entry.key == older.now) {
        return None;
    }
    let entry = entries.iter_mut().find(|entry| entry.key == older.old)?;
    let mut edits = vec![Edit::Replace(entry.span.clone(), older.now.to_owned())];
    if older.in_seconds {
        let Content::Scalar(value) = &mut entry.value.content else { return None };
        *value = Value::from((value.as_f64()? * 1000.0).round() as i64);
        edits.push(Edit::Replace(entry.value.span.clone(), value.to_string()));
        entry.value.number = None;
    }
    older.now.clone_into(&mut entry.key);
    let place = |name: &str| match older.place.last() {
        Some(&"retry") => format!("retry.{name}"),
        _ => name.to_owned(),
    };
    Some(Change {
        position: entry.position,
        step: step.map(str::to_owned),
        field: place(older.old),
        now: Some(place(older.now)),
        edits,
    })
}

/// Removes an entry from a mapping.
pub(super) fn remove(entries: &mut Vec<Entry>, index: usize, step: Option<&str>, field: String) -> Change {
    let before = index.checked_sub(1).map(|before| entries[before].end());
    let removed = entries.remove(index);
    let after = entries.get(index).map(|after| after.span.start);
    let edits = vec![Edit::Remove(removed.span.start..removed.end(), before, after)];
    Change { position: removed.position, step: step.map(str::to_owned), field, now: None, edits }
}
