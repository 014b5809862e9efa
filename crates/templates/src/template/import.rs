//! Converts a template of an earlier format version to the current one: renames fields and removes those
//! without effect. Keeps the rest of the text unchanged where possible, comments included.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    older::{Change, Edit, accept_older_names, name_of, remove},
    parse::{FORM, Parsed, read},
};
use crate::reading::{Code, Content, Node, Problems, yaml};

/// A converted template and the changes that were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Imported {
    /// The template in YAML.
    pub text: String,
    /// Whether the original text was kept apart from the changes. If false, the text was generated and has no
    /// comments.
    pub keeps_text: bool,
    /// Renamed and removed fields, in the order of the text.
    pub changes: Vec<Change>,
    /// Warnings about the template.
    pub warnings: Problems,
}

/// Converts a template in YAML or JSON to the current format.
///
/// # Errors
/// The problems that prevent its publication.
pub fn import(text: &str) -> Result<Imported, Problems> {
    let mut tree = Node::read(text)?;
    let mut changes = accept_older_names(&mut tree);
    let Parsed { mut warnings, .. } = read(tree.clone())?;
    warnings.0.retain(|warning| warning.code != Code::NoEffect);
    drop_what_has_no_effect(&mut tree, &FORM.schema, "", None, &mut changes);
    changes.sort_by_key(|change| change.position);
    let is_yaml = !text.trim_start().starts_with('{');
    let edited = if is_yaml { edit(text, &changes) } else { None };
    let meant = tree.clone().document().value;
    let is_meant = |text: &String| Node::read(text).is_ok_and(|read| read.document().value == meant);
    let kept = edited.filter(is_meant);
    let keeps_text = kept.is_some();
    Ok(Imported { text: kept.unwrap_or_else(|| yaml::write(&tree)), keeps_text, changes, warnings })
}

/// Removes every field that the schema marks as deprecated.
fn drop_what_has_no_effect(
    node: &mut Node,
    schema: &Value,
    path: &str,
    step: Option<&str>,
    changes: &mut Vec<Change>,
) {
    // The schema of an optional value is a choice between the value and null.
    let alternatives = schema["anyOf"].as_array().map_or(std::slice::from_ref(schema), Vec::as_slice);
    for schema in alternatives {
        match &mut node.content {
            Content::Mapping(entries) => {
                let of = |key: &str| match &schema["properties"][key] {
                    Value::Null => &schema["additionalProperties"],
                    known => known,
                };
                let field =
                    |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                while let Some(index) = entries.iter().position(|entry| of(&entry.key)["deprecated"] == true)
                {
                    let field = field(&entries[index].key);
                    changes.push(remove(entries, index, step, field));
                }
                for entry in entries {
                    let path = field(&entry.key);
                    drop_what_has_no_effect(&mut entry.value, of(&entry.key), &path, step, changes);
                }
            }
            Content::Sequence(items) => {
                for item in items {
                    let is_step = path == "steps";
                    let name = if is_step { name_of(item) } else { None };
                    let path = if is_step { "" } else { path };
                    drop_what_has_no_effect(item, &schema["items"], path, name.as_deref().or(step), changes);
                }
            }
            Content::Scalar(_) => {}
        }
    }
}

/// Applies the changes to the text. None if that is not possible.
fn edit(text: &str, changes: &[Change]) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut edits = Vec::new();
    for edit in changes.iter().flat_map(|change| &change.edits) {
        edits.push(match edit {
            Edit::Replace(range, with) => (range.start, range.end, with.as_str()),
            Edit::Remove(range, before, after) => {
                let (start, end) = removal(&characters, range.start, range.end, *before, *after)?;
                (start, end, "")
            }
        });
    }
    // A node that several places share through an anchor is changed only once.
    edits.sort_unstable();
    edits.dedup();
    let mut edited = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end, with) in edits {
        edited.extend(characters.get(done..start)?);
        edited.push_str(with);
        done = end;
    }
    edited.extend(characters.get(done..)?);
    Some(edited)
}

/// The characters to remove with an entry: whole lines if nothing else is on them.
fn removal(
    text: &[char],
    start: usize,
    end: usize,
    before: Option<usize>,
    after: Option<usize>,
) -> Option<(usize, usize)> {
    let content = text.get(start..end)?;
    let trailing = content.iter().rev().take_while(|character| character.is_whitespace()).count();
    let end = end - trailing;
    let line = text[..start].iter().rposition(|&character| character == '\n').map_or(0, |at| at + 1);
    if text[line..start].iter().all(|&character| character == ' ') {
        let rest = text[end..].iter().position(|&character| character == '\n');
        return Some((line, rest.map_or(text.len(), |rest| end + rest + 1)));
    }
    match (before, after) {
        (_, Some(after)) => Some((start, after)),
        (Some(before), None) => Some((before, end)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::parse;

    const OLD: &str = "\
# Made by hand.
name: t
version: 1.0.0
loaded_from: /somewhere/t.yaml   # gone
steps:
  - name: a
    step_type: standard
    handler: { method: call, callable: x, resolver: 'y' } # one line
    retry: &retry
      limit: 7 # seven
      initial_delay: 2.5
      max_delay: 60
  - # The second.
    name: b
    depends_on: [a]
    handler:
      callable: x
      method: >
        several
        lines
    # What follows is kept.
    publishes_events:
      - publisher: P
        name: e
    lifecycle:
      max_retries: 3

      other: { a: 1 }
    retry: *retry

# The end.
";

    const NEW: &str = "\
# Made by hand.
name: t
version: 1.0.0
steps:
  - name: a
    type: standard
    handler: { callable: x } # one line
    retry: &retry
      max_attempts: 7 # seven
      backoff_base_ms: 2500
      max_backoff_ms: 60000
  - # The second.
    name: b
    dependencies: [a]
    handler:
      callable: x
    # What follows is kept.
    publishes_events:
      - name: e
    retry: *retry

# The end.
";

    fn imported(text: &str) -> Imported {
        import(text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn told(imported: &Imported) -> Vec<String> {
        let line = |change: &Change| {
            let now = change.now.as_deref().unwrap_or("nothing");
            let step = change.step.as_deref().unwrap_or("-");
            format!("{} {step} {} {now}", change.position.line, change.field)
        };
        imported.changes.iter().map(line).collect()
    }

    #[test]
    fn what_is_older_changes_and_all_else_stays_as_it_was_written() {
        let done = imported(OLD);
        assert_eq!(done.text, NEW);
        assert!(done.keeps_text);
        assert_eq!(
            told(&done),
            [
                "4 - loaded_from nothing",
                "7 a step_type type",
                "8 a handler.method nothing",
                "8 a handler.resolver nothing",
                "10 a retry.limit retry.max_attempts",
                "10 b retry.limit retry.max_attempts",
                "11 a retry.initial_delay retry.backoff_base_ms",
                "11 b retry.initial_delay retry.backoff_base_ms",
                "12 a retry.max_delay retry.max_backoff_ms",
                "12 b retry.max_delay retry.max_backoff_ms",
                "15 b depends_on dependencies",
                "18 b handler.method nothing",
                "23 b publishes_events.publisher nothing",
                "25 b lifecycle nothing",
            ]
        );
        assert!(imported(NEW).changes.is_empty());
        assert_eq!(imported(NEW).text, NEW);
    }

    #[test]
    fn it_means_the_same() {
        let (before, after) = (parse(OLD).unwrap().template, parse(NEW).unwrap().template);
        assert_eq!(before.steps[1].dependencies, after.steps[1].dependencies);
        assert_eq!(before.steps[1].retry, after.steps[1].retry);
    }

    #[test]
    fn json_becomes_yaml() {
        let done = imported(
            r#"{ "version": "1.0.0", "name": "t", "steps": [
                { "name": "a", "handler": { "callable": "x", "method": "y" }, "retry": { "max_delay": 0.5 } },
                { "name": "b", "handler": { "callable": "x" }, "depends_on": ["a"] } ] }"#,
        );
        assert_eq!(
            done.text,
            "version: 1.0.0\nname: t\nsteps:\n  - name: a\n    handler:\n      callable: x\n    retry:\n      \
             max_backoff_ms: 500\n  - name: b\n    handler:\n      callable: x\n    dependencies: [a]\n"
        );
        assert!(!done.keeps_text);
    }

    #[test]
    fn what_cannot_be_edited_is_written_anew() {
        // The only entry after a dash, shared through a merge key.
        let text = "name: t\nversion: 1.0.0\nmetadata: { shared: &h { method: m } }\nsteps:\n  - name: a\n    handler: { <<: \
                    *h, callable: x }\n";
        let done = imported(text);
        assert!(!done.keeps_text);
        assert!(done.text.contains("    handler:\n      callable: x\n"), "{}", done.text);
        assert!(done.text.contains("    method: m"), "metadata must not change:\n{}", done.text);
    }

    #[test]
    fn faults_are_told_where_they_stand() {
        let problems = import("name: t\nversion: 1.0.0\nsteps:\n  - name: a\n    handlr: { callable: x }\n")
            .unwrap_err();
        assert!(problems.render("t.yaml").contains("t.yaml:5:5: error UNKNOWN_FIELD"), "{problems}");
    }
}
