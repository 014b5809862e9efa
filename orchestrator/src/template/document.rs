//! YAML or JSON text as a JSON value that remembers where each part of it stood.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

use super::problem::{Code, Position, Problems};

/// How deep a template may nest: far above any real one, far below the stack.
const MAX_DEPTH: usize = 64;
/// How many values a template may hold once its aliases are written out, against alias bombs.
const MAX_VALUES: usize = 200_000;

/// A parsed text.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) value: Value,
    /// Positions by JSON pointer; of a mapping's entry, its key's.
    positions: HashMap<String, Position>,
}

impl Document {
    /// Reads the one document in `text`. JSON is read as the YAML that it is.
    pub(super) fn read(text: &str) -> Result<Self, Problems> {
        let mut reader = Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), values: 0 };
        let node = reader.document().map_err(|fault| {
            let mut problems = Problems::default();
            problems.error(Code::Syntax, fault.position, None, fault.message);
            problems
        })?;
        let mut positions = HashMap::new();
        let value = node.into_value(&mut String::new(), &mut positions);
        Ok(Self { value, positions })
    }

    /// Where the value at a JSON pointer stands, or the nearest value around it.
    pub(super) fn position(&self, pointer: &str) -> Position {
        let mut pointer = pointer;
        loop {
            if let Some(position) = self.positions.get(pointer) {
                return *position;
            }
            match pointer.rfind('/') {
                Some(end) => pointer = &pointer[..end],
                None => return Position { line: 1, column: 1 },
            }
        }
    }

    /// Gives the value at `old` the name `new`, in place, with its position.
    pub(super) fn rename(&mut self, parent: &str, old: &str, new: &str) {
        let Some(Value::Object(map)) = self.value.pointer_mut(parent) else { return };
        if map.contains_key(new) {
            return;
        }
        let Some(value) = map.remove(old) else { return };
        map.insert(new.to_owned(), value);
        let (from, to) = (format!("{parent}/{}", escape(old)), format!("{parent}/{}", escape(new)));
        let moved: Vec<_> = self
            .positions
            .iter()
            .filter(|(pointer, _)| **pointer == from || pointer.starts_with(&format!("{from}/")))
            .map(|(pointer, position)| (pointer.replacen(&from, &to, 1), *position))
            .collect();
        self.positions.extend(moved);
    }
}

/// A key as it stands in a JSON pointer (RFC 6901).
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[derive(Debug, Clone)]
struct Node {
    position: Position,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Scalar(Value),
    Sequence(Vec<Node>),
    Mapping(Vec<(String, Position, Node)>),
}

impl Node {
    fn into_value(self, pointer: &mut String, positions: &mut HashMap<String, Position>) -> Value {
        positions.entry(pointer.clone()).or_insert(self.position);
        let length = pointer.len();
        match self.content {
            Content::Scalar(value) => value,
            Content::Sequence(items) => {
                let mut item = |(index, node): (usize, Node)| {
                    pointer.push_str(&format!("/{index}"));
                    let value = node.into_value(pointer, positions);
                    pointer.truncate(length);
                    value
                };
                items.into_iter().enumerate().map(&mut item).collect()
            }
            Content::Mapping(entries) => {
                let mut entry = |(key, position, node): (String, Position, Node)| {
                    pointer.push_str(&format!("/{}", escape(&key)));
                    positions.insert(pointer.clone(), position);
                    let value = node.into_value(pointer, positions);
                    pointer.truncate(length);
                    (key, value)
                };
                Value::Object(entries.into_iter().map(&mut entry).collect::<Map<_, _>>())
            }
        }
    }
}

struct Fault {
    position: Position,
    message: String,
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: HashMap<usize, (Node, usize)>,
    values: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Position), Fault> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, position(span))),
            Some(Err(error)) => Err(Fault {
                position: Position { line: error.marker().line(), column: error.marker().col() + 1 },
                message: format!("not valid YAML or JSON: {}", error.info()),
            }),
            None => Ok((Event::StreamEnd, Position::default())),
        }
    }

    fn document(&mut self) -> Result<Node, Fault> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd, _) => {
                    return Err(Fault {
                        position: Position { line: 1, column: 1 },
                        message: "the file is empty".to_owned(),
                    });
                }
                (event, position) => {
                    let node = self.node(event, position, 0)?;
                    return self.only(node);
                }
            }
        }
    }

    /// Refuses a second document, which would be ignored otherwise.
    fn only(&mut self, node: Node) -> Result<Node, Fault> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(node),
                (Event::DocumentStart(_), position) => {
                    let message = "a second document starts here; put one template in each file".to_owned();
                    return Err(Fault { position, message });
                }
                _ => {}
            }
        }
    }

    fn node(&mut self, event: Event<'a>, position: Position, depth: usize) -> Result<Node, Fault> {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return Err(Fault { position, message: "nested too deeply, or too large".to_owned() });
        }
        let before = self.values;
        let (anchor, content) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                (
                    anchor,
                    Content::Scalar(if plain { resolve(&text) } else { Value::String(text.into_owned()) }),
                )
            }
            Event::SequenceStart(anchor, _) => (anchor, self.sequence(depth)?),
            Event::MappingStart(anchor, _) => (anchor, self.mapping(depth)?),
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id) else {
                    return Err(Fault {
                        position,
                        message: "an alias of something not yet defined".to_owned(),
                    });
                };
                self.values += size;
                return Ok(Node { position, ..node.clone() });
            }
            other => return Err(Fault { position, message: format!("unexpected {other:?}") }),
        };
        let node = Node { position, content };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.values - before));
        }
        Ok(node)
    }

    fn sequence(&mut self, depth: usize) -> Result<Content, Fault> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Content::Sequence(items)),
                (event, position) => items.push(self.node(event, position, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Content, Fault> {
        let mut entries: Vec<(String, Position, Node)> = Vec::new();
        loop {
            let (event, position) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(Content::Mapping(entries)),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(Fault { position, message: "a key must be a plain text".to_owned() }),
            };
            if entries.iter().any(|(other, ..)| *other == key) {
                return Err(Fault { position, message: format!("`{key}` is given twice") });
            }
            let (event, at) = self.next()?;
            let value = self.node(event, at, depth + 1)?;
            if key == "<<" {
                merge(&mut entries, value);
            } else {
                entries.push((key, position, value));
            }
        }
    }
}

/// YAML's merge key: entries of another mapping, where this one has none of that name.
fn merge(entries: &mut Vec<(String, Position, Node)>, from: Node) {
    match from.content {
        Content::Mapping(others) => {
            for other in others {
                if entries.iter().all(|(key, ..)| *key != other.0) {
                    entries.push(other);
                }
            }
        }
        Content::Sequence(nodes) => nodes.into_iter().for_each(|node| merge(entries, node)),
        Content::Scalar(_) => {}
    }
}

fn position(span: Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

/// The JSON value of a plain scalar, by YAML 1.2's core schema.
fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let radix = |prefix: &str, radix| {
        text.strip_prefix(prefix).and_then(|digits| u64::from_str_radix(digits, radix).ok())
    };
    if let Some(integer) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Value::from(integer);
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Value::from(integer);
    }
    if text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && text.contains(|digit: char| digit.is_ascii_digit())
        && let Some(number) = text.parse::<f64>().ok().and_then(Number::from_f64)
    {
        return Value::Number(number);
    }
    Value::String(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_and_json_read_alike_and_know_their_places() {
        let yaml = Document::read("name: a\nsteps:\n  - name: one\n    timeout: 1.5\n").unwrap();
        let json = Document::read(r#"{"name": "a", "steps": [{"name": "one", "timeout": 1.5}]}"#).unwrap();
        assert_eq!(yaml.value, json.value);
        assert_eq!(yaml.value, json!({"name": "a", "steps": [{"name": "one", "timeout": 1.5}]}));
        assert_eq!(yaml.position("/steps/0/timeout"), Position { line: 4, column: 5 });
        assert_eq!(yaml.position("/steps/0/timeout/missing"), Position { line: 4, column: 5 });
    }

    #[test]
    fn versions_and_quoted_numbers_stay_text() {
        let document =
            Document::read("a: 1.0.0\nb: \"1\"\nc: 1.0.0-rc1\nd: -3\ne: .5\nf: 1e3\ng: yes").unwrap();
        assert_eq!(
            document.value,
            json!({"a": "1.0.0", "b": "1", "c": "1.0.0-rc1", "d": -3, "e": 0.5, "f": 1000.0, "g": "yes"})
        );
    }

    #[test]
    fn a_key_given_twice_is_refused_where_it_stands() {
        let problems = Document::read("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(problems.render("t.yaml"), "t.yaml:3:1: error SYNTAX: `a` is given twice");
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let previous = level - 1;
            let aliases = vec![format!("*a{previous}"); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(Document::read(&text).unwrap_err().render("bomb.yaml").contains("too large"));
    }
}
