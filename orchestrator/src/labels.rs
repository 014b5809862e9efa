//! Labels: what tasks are found by. A label says what it is, so that a tag is not taken for an initiator.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tasker_templates::template::SearchAttribute;

/// The maximum length of an attribute's value, in bytes. A longer one is not found.
const MAX_VALUE: usize = 128;

/// The longest value that a label has as it is, in bytes; of a longer one it has the hash. An index holds no long texts.
const LONGEST: usize = 200;

/// A label of this kind. The migration that added labels has the same rule, in SQL.
fn label(kind: &str, value: &str) -> String {
    if value.len() <= LONGEST {
        return format!("{kind}:{value}");
    }
    let hash = Sha256::digest(value.as_bytes());
    hash.iter().fold(format!("{kind}:#"), |label, byte| format!("{label}{byte:02x}"))
}

pub(crate) fn tag(tag: &str) -> String {
    label("t", tag)
}

/// Whether a label of this kind may be that of most tasks.
pub(crate) fn is_often_common(label: &str) -> bool {
    label.starts_with("i:") || label.starts_with("s:")
}

pub(crate) fn correlation_id(id: &str) -> String {
    label("c", id)
}

pub(crate) fn parent_correlation_id(id: &str) -> String {
    label("p", id)
}

pub(crate) fn initiator(name: &str) -> String {
    label("i", name)
}

pub(crate) fn source_system(name: &str) -> String {
    label("s", name)
}

pub(crate) fn attribute(name: &str, value: &str) -> String {
    label("a", &format!("{name}={value}"))
}

/// The attributes among labels.
pub(crate) fn attributes(labels: &[String]) -> BTreeMap<String, String> {
    let attributes = labels.iter().filter_map(|label| label.strip_prefix("a:")?.split_once('='));
    attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What a label is, in the words of the filter that finds it.
pub(crate) fn kind(label: &str) -> Cow<'_, str> {
    match label.split_once(':') {
        Some(("t", _)) => "tag".into(),
        Some(("c", _)) => "correlation_id".into(),
        Some(("p", _)) => "parent_correlation_id".into(),
        Some(("i", _)) => "initiator".into(),
        Some(("s", _)) => "source_system".into(),
        Some(("a", rest)) => rest.split('=').next().unwrap_or_default().into(),
        _ => label.into(),
    }
}

/// The attributes of an input: its values at these places, if they are there, scalar, and not too long.
pub(crate) fn of_input(attributes: &[SearchAttribute], input: &RawValue) -> Vec<String> {
    let found = attributes.iter().filter_map(|wanted| {
        let value = scalar(at(input, &wanted.path)?)?;
        (value.len() <= MAX_VALUE && !value.contains('\0')).then(|| attribute(&wanted.name, &value))
    });
    found.collect()
}

/// The value at a JSON Pointer.
fn at<'a>(mut value: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        value = if value.get().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
            items.get(token.parse::<usize>().ok()?).copied()?
        } else {
            members(value)?.remove(token.as_str())?
        };
    }
    Some(value)
}

fn members(value: &RawValue) -> Option<BTreeMap<Cow<'_, str>, &RawValue>> {
    #[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
    let members: BTreeMap<Name<'_>, &RawValue> = serde_json::from_str(value.get()).ok()?;
    Some(members.into_iter().map(|(name, value)| (name.0, value)).collect())
}

/// A text without its quotes, or a number or boolean as it is written.
fn scalar(value: &RawValue) -> Option<String> {
    match value.get().as_bytes().first()? {
        b'"' => serde_json::from_str(value.get()).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(value.get().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(input: &str, paths: &[(&str, &str)]) -> Vec<String> {
        let wanted: Vec<SearchAttribute> = paths
            .iter()
            .map(|(name, path)| SearchAttribute { name: (*name).to_owned(), path: (*path).to_owned() })
            .collect();
        of_input(&wanted, serde_json::from_str(input).unwrap())
    }

    #[test]
    fn attributes_are_scalars_at_their_places_with_all_digits() {
        let input = r#"{"order": {"id": "DE-\u00e4", "n": 12345678901234567890.50, "a/b": [true, {"~": 1}]}, "x": null}"#;
        let paths = [
            ("id", "/order/id"),
            ("n", "/order/n"),
            ("first", "/order/a~1b/0"),
            ("deep", "/order/a~1b/1/~0"),
        ];
        assert_eq!(
            of(input, &paths),
            ["a:id=DE-ä", "a:n=12345678901234567890.50", "a:first=true", "a:deep=1"]
        );
    }

    #[test]
    fn what_is_missing_no_scalar_or_too_long_is_left_out() {
        let long = format!(
            r#"{{"a": "{}", "b": null, "c": {{}}, "d": [], "e": "\u0000", "f": ""}}"#,
            "x".repeat(129)
        );
        let paths =
            ["a", "b", "c", "d", "e", "f", "g", "c/x", "d/0", "d/x", "a/x"].map(|name| format!("/{name}"));
        let paths: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), path.as_str())).collect();
        assert_eq!(of(&long, &paths), ["a:/f="]);
        assert_eq!(of("7", &[("whole", "")]), ["a:whole=7"]);
    }

    #[test]
    fn a_long_value_has_a_short_label() {
        let (long, other) = ("x".repeat(4000), format!("{}y", "x".repeat(3999)));
        assert_eq!(source_system(&long).len(), 2 + 1 + 64);
        assert_ne!(source_system(&long), source_system(&other));
        assert_eq!(source_system(&long[..200]), format!("s:{}", &long[..200]));
    }

    #[test]
    fn a_label_says_what_it_is() {
        let labels = [tag("web"), initiator("ada"), attribute("order_id", "a=b")];
        assert_eq!(
            labels.iter().map(|label| kind(label).into_owned()).collect::<Vec<_>>(),
            ["tag", "initiator", "order_id"]
        );
        assert_eq!(attributes(&labels), BTreeMap::from([("order_id".to_owned(), "a=b".to_owned())]));
    }
}
