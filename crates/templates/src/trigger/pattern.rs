//! Event patterns: EventBridge's pattern language over the attributes and data of a CloudEvent.
//!
//! A pattern is compiled once and matches without copying. Events are passed as one object: the attributes by
//! name, and `data`.

use serde_json::{Map, Value};

use super::condition::Condition;
use crate::reading::escape;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Group);

/// Conditions that must all hold.
#[derive(Debug, Clone, Default)]
struct Group {
    fields: Vec<Field>,
    /// At least one group of each `$or` must match.
    alternatives: Vec<Vec<Group>>,
}

#[derive(Debug, Clone)]
struct Field {
    name: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    /// Any of these conditions holds for the value or for one of its elements; also keeps the list as it was
    /// written.
    Value(Vec<Condition>, Value),
    Inside(Group),
}

/// One condition of a pattern and the value that the event has there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The path of the field: names joined by dots.
    pub path: String,
    /// The alternatives that the pattern lists.
    pub wanted: Value,
    /// The value in the event. None if absent.
    pub found: Option<Value>,
    /// Whether the value satisfies the condition.
    pub holds: bool,
}

/// Problems: a JSON pointer into the pattern and a message.
pub(super) type Faults = Vec<(String, String)>;

/// EventBridge's names of two attributes, so that its patterns can be copied.
const SYNONYMS: [(&str, &str); 2] = [("detail-type", "type"), ("detail", "data")];

impl Pattern {
    /// Compiles a pattern.
    pub(super) fn compile(pattern: &Value) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let group = match pattern {
            Value::Object(fields) if !fields.is_empty() => read_group(fields, "", true, &mut faults),
            Value::Object(_) => {
                let message = "the pattern is empty, and would match every event; to mean that, write `source: [{ exists: \
                               true }]`";
                faults.push((String::new(), message.to_owned()));
                Group::default()
            }
            other => {
                faults.push((String::new(), format!("a pattern is an object, not {other}")));
                Group::default()
            }
        };
        if faults.is_empty() { Ok(Self(group)) } else { Err(faults) }
    }

    pub(super) fn matches(&self, event: &Value) -> bool {
        self.0.matches(Some(event))
    }

    /// Explains for each condition whether the event satisfies it.
    pub(super) fn explain(&self, event: &Value) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.0.explain(Some(event), "", &mut findings);
        findings
    }
}

fn read_group(fields: &Map<String, Value>, pointer: &str, is_top: bool, faults: &mut Faults) -> Group {
    let mut group = Group::default();
    for (name, wanted) in fields {
        let at = format!("{pointer}/{}", escape(name));
        if name == "$or" {
            group.alternatives.push(read_alternatives(wanted, &at, is_top, faults));
            continue;
        }
        let name = if is_top { top_name(name, &at, faults) } else { name };
        if is_top && name == "data" && group.fields.iter().any(|field| field.name == "data")
            || is_top && name == "type" && group.fields.iter().any(|field| field.name == "type")
        {
            faults.push((at.clone(), format!("repeats `{name}` under another name")));
        }
        let test = match wanted {
            Value::Array(elements) if elements.is_empty() => {
                faults.push((at, "the list is empty, so nothing can match".to_owned()));
                continue;
            }
            Value::Array(elements) => {
                let mut conditions = Vec::with_capacity(elements.len());
                for (index, element) in elements.iter().enumerate() {
                    match Condition::read(element) {
                        Ok(condition) => conditions.push(condition),
                        Err((below, message)) => faults.push((format!("{at}/{index}{below}"), message)),
                    }
                }
                Test::Value(conditions, wanted.clone())
            }
            Value::Object(inner) if inner.is_empty() => {
                faults.push((
                    at,
                    "the object is empty; list the fields to match, or write [{ exists: true }]".to_owned(),
                ));
                continue;
            }
            Value::Object(inner) if is_top && name != "data" => {
                let operator = inner.keys().next().map_or("", String::as_str);
                faults.push((
                    at,
                    format!("an attribute is a scalar: write a list, such as [{{ {operator}: ... }}]"),
                ));
                continue;
            }
            Value::Object(inner) => Test::Inside(read_group(inner, &at, false, faults)),
            other => {
                faults.push((
                    at,
                    format!("expected a list of values or an object of fields, such as [{other}]"),
                ));
                continue;
            }
        };
        group.fields.push(Field { name: name.to_owned(), test });
    }
    group
}

/// The canonical name of an attribute.
fn top_name<'a>(name: &'a str, at: &str, faults: &mut Faults) -> &'a str {
    if let Some((_, own)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == name) {
        return own;
    }
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    if name.is_empty() || !name.chars().all(is_letter) {
        let message = format!(
            "`{name}` is not an attribute of an event. Use `source`, `type`, `subject`, another attribute or extension \
             name (a-z, 0-9), or `data`"
        );
        faults.push((at.to_owned(), message));
    }
    name
}

fn read_alternatives(wanted: &Value, at: &str, is_top: bool, faults: &mut Faults) -> Vec<Group> {
    let Some(alternatives) = wanted.as_array().filter(|alternatives| alternatives.len() > 1) else {
        faults.push((at.to_owned(), "`$or` is a list of two or more objects".to_owned()));
        return Vec::new();
    };
    let mut groups = Vec::with_capacity(alternatives.len());
    for (index, alternative) in alternatives.iter().enumerate() {
        match alternative {
            Value::Object(fields) if !fields.is_empty() => {
                groups.push(read_group(fields, &format!("{at}/{index}"), is_top, faults));
            }
            other => {
                faults.push((format!("{at}/{index}"), format!("`$or` takes non-empty objects, not {other}")));
            }
        }
    }
    groups
}

impl Group {
    /// Whether the group matches an object, one object in a list, or an absent value.
    fn matches(&self, value: Option<&Value>) -> bool {
        match value {
            Some(Value::Array(items)) if !items.is_empty() => {
                items.iter().any(|item| self.matches(Some(item)))
            }
            value => {
                self.fields.iter().all(|field| field.matches(value))
                    && self.alternatives.iter().all(|groups| groups.iter().any(|group| group.matches(value)))
            }
        }
    }

    fn explain(&self, value: Option<&Value>, path: &str, findings: &mut Vec<Finding>) {
        for field in &self.fields {
            let inside = value.and_then(|value| value.get(&field.name));
            let path = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
            match &field.test {
                // One object in a list must match the whole group, so the list is reported as a whole.
                Test::Inside(group) if !inside.is_some_and(Value::is_array) => {
                    group.explain(inside, &path, findings);
                }
                Test::Inside(group) => findings.push(Finding {
                    path,
                    wanted: group.as_written(),
                    found: inside.cloned(),
                    holds: group.matches(inside),
                }),
                Test::Value(_, wanted) => findings.push(Finding {
                    path,
                    wanted: wanted.clone(),
                    found: inside.cloned(),
                    holds: field.matches(value),
                }),
            }
        }
        for groups in &self.alternatives {
            findings.push(Finding {
                path: if path.is_empty() { "$or".to_owned() } else { format!("{path}.$or") },
                wanted: groups.iter().map(Group::as_written).collect(),
                found: None,
                holds: groups.iter().any(|group| group.matches(value)),
            });
        }
    }

    fn as_written(&self) -> Value {
        let field = |field: &Field| {
            let wanted = match &field.test {
                Test::Value(_, wanted) => wanted.clone(),
                Test::Inside(group) => group.as_written(),
            };
            (field.name.clone(), wanted)
        };
        let or = |groups: &Vec<Group>| ("$or".to_owned(), groups.iter().map(Group::as_written).collect());
        Value::Object(self.fields.iter().map(field).chain(self.alternatives.iter().map(or)).collect())
    }
}

impl Field {
    fn matches(&self, around: Option<&Value>) -> bool {
        let value = around.and_then(|around| around.get(&self.name));
        match &self.test {
            Test::Inside(group) => group.matches(value),
            Test::Value(conditions, _) => conditions.iter().any(|condition| {
                let (mut any, mut found) = (false, false);
                each_leaf(value, &mut |leaf| {
                    found = true;
                    any |= condition.holds(leaf);
                });
                if found { any } else { condition.holds_of_nothing() }
            }),
        }
    }
}

/// Calls `look` with the value, or with every element if it is a list. Objects never match.
fn each_leaf(value: Option<&Value>, look: &mut impl FnMut(&Value)) {
    match value {
        None | Some(Value::Object(_)) => {}
        Some(Value::Array(items)) => items.iter().for_each(|item| each_leaf(Some(item), look)),
        Some(leaf) => look(leaf),
    }
}

#[cfg(test)]
mod tests;
