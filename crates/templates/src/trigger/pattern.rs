//! Which events a trigger is for: EventBridge's pattern language over a CloudEvent's attributes and its data.
//!
//! A pattern is compiled once and walks the event without copying. An event is given as one object: its attributes by
//! their names, and `data`.

use serde_json::{Map, Value};

use super::condition::Condition;
use crate::reading::escape;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Group);

/// Conditions of which all must hold.
#[derive(Debug, Clone, Default)]
struct Group {
    fields: Vec<Field>,
    /// Of each `$or`, one.
    alternatives: Vec<Vec<Group>>,
}

#[derive(Debug, Clone)]
struct Field {
    name: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    /// One of these holds of the value, or of one element of it. With the list as it was written.
    Value(Vec<Condition>, Value),
    Inside(Group),
}

/// What a pattern asks of one place in an event, and what stands there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Where: names joined by dots.
    pub path: String,
    /// One of these, as the pattern has it.
    pub wanted: Value,
    /// What the event has there, if anything.
    pub found: Option<Value>,
    /// Whether that is enough.
    pub holds: bool,
}

/// Faults: where in the pattern (a JSON pointer), and what.
pub(super) type Faults = Vec<(String, String)>;

/// What EventBridge calls two attributes: patterns can be copied.
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

    /// Element by element, what the pattern asks of the event and what it finds.
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
            faults.push((at.clone(), format!("says `{name}` a second time, by another name")));
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
                    "the object is empty; say what is to match in it, or [{ exists: true }]".to_owned(),
                ));
                continue;
            }
            Value::Object(inner) if is_top && name != "data" => {
                let operator = inner.keys().next().map_or("", String::as_str);
                faults.push((
                    at,
                    format!("an attribute is a plain value: write a list, such as [{{ {operator}: ... }}]"),
                ));
                continue;
            }
            Value::Object(inner) => Test::Inside(read_group(inner, &at, false, faults)),
            other => {
                faults.push((at, format!("what is to match is a list, or an object of fields: [{other}]")));
                continue;
            }
        };
        group.fields.push(Field { name: name.to_owned(), test });
    }
    group
}

/// The name of an attribute, by whatever name.
fn top_name<'a>(name: &'a str, at: &str, faults: &mut Faults) -> &'a str {
    if let Some((_, own)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == name) {
        return own;
    }
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    if name.is_empty() || !name.chars().all(is_letter) {
        let message = format!(
            "`{name}` is no attribute of an event: `source`, `type`, `subject`, other attributes and extensions by their \
             names (a-z, 0-9), and `data`"
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
            other => faults.push((
                format!("{at}/{index}"),
                format!("`$or` takes objects that say something, not {other}"),
            )),
        }
    }
    groups
}

impl Group {
    /// Whether it holds of an object, of one object in a list, or of nothing at all.
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
                // In a list, one object must satisfy all of it: it is told as a whole.
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

/// The value, or every element of it. An object is no value that could match.
fn each_leaf(value: Option<&Value>, look: &mut impl FnMut(&Value)) {
    match value {
        None | Some(Value::Object(_)) => {}
        Some(Value::Array(items)) => items.iter().for_each(|item| each_leaf(Some(item), look)),
        Some(leaf) => look(leaf),
    }
}

#[cfg(test)]
mod tests;
