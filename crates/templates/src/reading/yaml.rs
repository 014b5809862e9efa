//! Writes a tree as readable YAML that parses to the same tree.

use serde_json::Value;

use super::document::{Content, Entry, Node, resolve};

/// The maximum line length for a list in flow style.
const MAX_LINE: usize = 100;

/// Formats the tree as YAML in block style.
pub(crate) fn write(tree: &Node) -> String {
    let mut text = String::new();
    match &tree.content {
        Content::Mapping(entries) if !entries.is_empty() => write_entries(entries, 0, &mut text),
        Content::Sequence(items) if !items.is_empty() => write_items(items, 0, &mut text),
        _ => {
            text.push_str(&in_line(tree));
            text.push('\n');
        }
    }
    text
}

fn write_entries(entries: &[Entry], indent: usize, text: &mut String) {
    for (number, entry) in entries.iter().enumerate() {
        // The first entry follows the start of its mapping, which may be a dash.
        if number > 0 {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str(&scalar(&Value::from(entry.key.as_str())));
        text.push(':');
        write_value(&entry.value, indent, text);
    }
}

/// Writes a value after its key.
fn write_value(value: &Node, indent: usize, text: &mut String) {
    let inner = indent + 2;
    match &value.content {
        Content::Mapping(entries) if !entries.is_empty() => {
            text.push('\n');
            text.push_str(&" ".repeat(inner));
            write_entries(entries, inner, text);
        }
        Content::Sequence(items) if !items.is_empty() && !fits_in_line(value, indent) => {
            text.push('\n');
            text.push_str(&" ".repeat(inner));
            write_items(items, inner, text);
        }
        Content::Scalar(Value::String(string)) if is_block(string) => {
            text.push_str(if string.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in string.lines() {
                if !line.is_empty() {
                    text.push_str(&" ".repeat(inner));
                    text.push_str(line);
                }
                text.push('\n');
            }
        }
        _ => {
            text.push(' ');
            text.push_str(&in_line(value));
            text.push('\n');
        }
    }
}

fn write_items(items: &[Node], indent: usize, text: &mut String) {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str("- ");
        match &item.content {
            Content::Mapping(entries) if !entries.is_empty() => write_entries(entries, indent + 2, text),
            Content::Sequence(items) if !items.is_empty() && !fits_in_line(item, indent) => {
                write_items(items, indent + 2, text);
            }
            _ => {
                text.push_str(&in_line(item));
                text.push('\n');
            }
        }
    }
}

/// Whether a sequence has only scalars and fits in one line.
fn fits_in_line(node: &Node, indent: usize) -> bool {
    let Content::Sequence(items) = &node.content else { return false };
    let plain = items.iter().all(|item| matches!(item.content, Content::Scalar(_)));
    plain && indent + in_line(node).chars().count() <= MAX_LINE
}

fn in_line(node: &Node) -> String {
    match &node.content {
        Content::Scalar(value) => node.number.clone().unwrap_or_else(|| scalar(value)),
        Content::Sequence(items) => {
            format!("[{}]", items.iter().map(in_line).collect::<Vec<_>>().join(", "))
        }
        Content::Mapping(entries) => {
            let entry = |entry: &Entry| {
                format!("{}: {}", scalar(&Value::from(entry.key.as_str())), in_line(&entry.value))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A scalar: plain if every YAML parser reads it the same way, else as JSON.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    // YAML 1.1 parsers read these as booleans.
    let word = ["y", "n", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
    let begins = text.starts_with(|first: char| first.is_alphanumeric() || "_/^".contains(first));
    let usual = |character: char| character.is_alphanumeric() || " _-./:+*@%()^$|~'!=<>".contains(character);
    let in_place = !text.contains(": ") && !text.ends_with([':', ' ']);
    begins && in_place && !word && text.chars().all(usual) && resolve(text) == *text
}

/// Whether a string is best written as a block scalar.
fn is_block(text: &str) -> bool {
    let ordinary = |character: char| !character.is_control() || character == '\n';
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n'])
        && text
            .chars()
            .all(|character| ordinary(character) && !"\u{85}\u{2028}\u{2029}\u{feff}".contains(character))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Node {
        Node::read(text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            ".*",
            "[a-z0-9:# \\-\\n'\"|>&*!%@,\\[\\]{}.~]{0,12}",
            "(yes|no|null|1e3|0x1f|[0-9.]{1,4})"
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e6..1e6_f64).prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, move |inner| {
            let key = text.clone().prop_filter("merges", |key| key != "<<");
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same(value in any_value()) {
            let tree = read(&value.to_string());
            let written = write(&tree);
            prop_assert_eq!(read(&written).document().value, value, "{}", written);
        }
    }

    #[test]
    fn it_reads_well() {
        let value = json!({
            "name": "t", "version": "1.0.0",
            "steps": [{ "dependencies": ["a", "b"], "description": "first\nsecond", "name": "yes", "m": "7" }, {}],
        });
        assert_eq!(
            write(&read(&value.to_string())),
            "name: t\nsteps:\n  - dependencies: [a, b]\n    description: |-\n      first\n      second\n    m: \"7\"\n    \
             name: \"yes\"\n  - {}\nversion: 1.0.0\n"
        );
    }
}
