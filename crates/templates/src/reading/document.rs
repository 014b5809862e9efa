//! Parses YAML or JSON into a tree with source positions, and into the JSON value that it represents.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::problem::{Code, Position, Problems};

/// The maximum nesting depth: far more than a real template needs, far less than the stack allows.
const MAX_DEPTH: usize = 64;
/// The maximum number of values after aliases are expanded. Guards against alias bombs.
const MAX_VALUES: usize = 200_000;

/// YAML's merge key.
const MERGE: &str = "<<";

/// A parsed document.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// The document as JSON, with numbers as they were written.
    json: String,
    /// Positions by JSON pointer. For an entry of a mapping, the position of its key.
    positions: HashMap<String, Position>,
}

impl Document {
    /// Converts the document to a type.
    ///
    /// # Errors
    /// What does not fit.
    pub(crate) fn to<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_str(&self.json).map_err(|error| {
            // Its place in the JSON is no place in the file.
            let place = format!(" at line {} column {}", error.line(), error.column());
            error.to_string().replace(&place, "")
        })
    }

    /// The position of the value at a JSON pointer, or of the nearest enclosing value.
    pub(crate) fn position(&self, pointer: &str) -> Position {
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
}

/// Escapes a key for a JSON pointer (RFC 6901).
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A value with its position in the source text.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) position: Position,
    /// The range of its characters in the text, from 0.
    pub(crate) span: Range<usize>,
    pub(crate) content: Content,
    /// A number as JSON, if its value is written in another way: with more digits, or `1.10`.
    pub(crate) number: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Scalar(Value),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) position: Position,
    /// The range of the key's characters in the text, from 0.
    pub(crate) span: Range<usize>,
    pub(crate) value: Node,
}

impl Entry {
    /// The index of the character after the entry.
    pub(crate) fn end(&self) -> usize {
        self.span.end.max(self.value.span.end)
    }
}

impl Node {
    /// Parses the only document in `text`. JSON is parsed as YAML, of which it is a subset.
    pub(crate) fn read(text: &str) -> Result<Self, Problems> {
        let mut reader = Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), values: 0 };
        reader.document().map_err(|fault| {
            let mut problems = Problems::default();
            problems.error(Code::Syntax, fault.position, None, fault.message);
            problems
        })
    }

    /// The entries if this is a mapping, else None.
    pub(crate) fn entries(&mut self) -> Option<&mut Vec<Entry>> {
        match &mut self.content {
            Content::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// Converts the tree to a JSON value with positions.
    pub(crate) fn document(self) -> Document {
        let (mut json, mut positions) = (String::new(), HashMap::new());
        self.write_json(&mut json);
        let value = self.into_value(&mut String::new(), &mut positions);
        Document { value, json, positions }
    }

    fn write_json(&self, json: &mut String) {
        let separate = |index: usize, json: &mut String| {
            if index > 0 {
                json.push(',');
            }
        };
        match &self.content {
            Content::Scalar(value) => match &self.number {
                Some(number) => json.push_str(number),
                None => json.push_str(&value.to_string()),
            },
            Content::Sequence(items) => {
                json.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(index, json);
                    item.write_json(json);
                }
                json.push(']');
            }
            Content::Mapping(entries) => {
                json.push('{');
                for (index, entry) in entries.iter().enumerate() {
                    separate(index, json);
                    json.push_str(&Value::from(entry.key.as_str()).to_string());
                    json.push(':');
                    entry.value.write_json(json);
                }
                json.push('}');
            }
        }
    }

    fn into_value(self, pointer: &mut String, positions: &mut HashMap<String, Position>) -> Value {
        positions.entry(pointer.clone()).or_insert(self.position);
        let length = pointer.len();
        match self.content {
            Content::Scalar(value) => value,
            Content::Sequence(items) => {
                let mut item = |(index, node): (usize, Self)| {
                    pointer.push_str(&format!("/{index}"));
                    let value = node.into_value(pointer, positions);
                    pointer.truncate(length);
                    value
                };
                items.into_iter().enumerate().map(&mut item).collect()
            }
            Content::Mapping(entries) => {
                let mut entry = |Entry { key, position, value, .. }: Entry| {
                    pointer.push_str(&format!("/{}", escape(&key)));
                    positions.insert(pointer.clone(), position);
                    let value = value.into_value(pointer, positions);
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
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(Fault {
                position: Position { line: error.marker().line(), column: error.marker().col() + 1 },
                message: format!("not valid YAML or JSON: {}", error.info()),
            }),
            None => Ok((Event::StreamEnd, Span::default())),
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
                (event, span) => {
                    let node = self.node(event, span, 0)?;
                    return self.only(node);
                }
            }
        }
    }

    /// Rejects a second document, which would otherwise be ignored.
    fn only(&mut self, node: Node) -> Result<Node, Fault> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(node),
                (Event::DocumentStart(_), span) => {
                    let message = "a second document starts here; use one file per document".to_owned();
                    return Err(Fault { position: position(span), message });
                }
                _ => {}
            }
        }
    }

    fn node(&mut self, event: Event<'a>, at: Span, depth: usize) -> Result<Node, Fault> {
        let position = position(at);
        self.values += 1;
        if depth > MAX_DEPTH {
            return Err(Fault { position, message: format!("nested deeper than {MAX_DEPTH} levels") });
        }
        if self.values > MAX_VALUES {
            let message =
                format!("the document is too large: it has more than {MAX_VALUES} values, aliases expanded");
            return Err(Fault { position, message });
        }
        let before = self.values;
        let mut number = None;
        let (anchor, content, end) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let value = if plain { resolve(&text) } else { Value::String(text.to_string()) };
                if value.is_f64() {
                    let short = value.to_string();
                    number = Some(as_json(&text)).filter(|written| *written != short);
                }
                (anchor, Content::Scalar(value), at.end.index())
            }
            Event::SequenceStart(anchor, _) => {
                let (items, end) = self.sequence(depth)?;
                (anchor, Content::Sequence(items), end)
            }
            Event::MappingStart(anchor, _) => {
                let (entries, end) = self.mapping(depth)?;
                (anchor, Content::Mapping(entries), end)
            }
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id) else {
                    return Err(Fault {
                        position,
                        message: "the alias is not defined before this place".to_owned(),
                    });
                };
                self.values += size;
                return Ok(Node { position, ..node.clone() });
            }
            other => return Err(Fault { position, message: format!("unexpected {other:?}") }),
        };
        let node = Node { position, span: at.start.index()..end, content, number };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.values - before));
        }
        Ok(node)
    }

    /// The items of a sequence and the index after it.
    fn sequence(&mut self, depth: usize) -> Result<(Vec<Node>, usize), Fault> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, at) => {
                    let last = items.last().map(|item| item.span.end);
                    return Ok((items, end(at, last)));
                }
                (event, at) => items.push(self.node(event, at, depth + 1)?),
            }
        }
    }

    /// The entries of a mapping and the index after it.
    fn mapping(&mut self, depth: usize) -> Result<(Vec<Entry>, usize), Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut keys: HashSet<String> = HashSet::new();
        let mut merged: Vec<Node> = Vec::new();
        let mut last = None;
        loop {
            let (event, at) = self.next()?;
            let place = position(at);
            let key = match event {
                Event::MappingEnd => {
                    // A mapping's own keys win, wherever the merge key stands.
                    for from in merged {
                        merge(&mut entries, &mut keys, from);
                    }
                    return Ok((entries, end(at, last)));
                }
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(Fault { position: place, message: "a key must be a string".to_owned() }),
            };
            if key != MERGE && !keys.insert(key.clone()) {
                return Err(Fault { position: place, message: format!("`{key}` is given twice") });
            }
            let (event, after) = self.next()?;
            let value = self.node(event, after, depth + 1)?;
            last = Some(value.span.end.max(at.end.index()));
            if key == MERGE {
                merged.push(value);
            } else {
                entries.push(Entry { key, position: place, span: at.start.index()..at.end.index(), value });
            }
        }
    }
}

/// The index after a sequence or mapping: after its closing bracket or, in block style, after its last item.
fn end(at: Span, last: Option<usize>) -> usize {
    if at.is_empty() { last.unwrap_or(at.start.index()) } else { at.end.index() }
}

/// Adds the entries of another mapping that this one does not have.
fn merge(entries: &mut Vec<Entry>, keys: &mut HashSet<String>, from: Node) {
    match from.content {
        Content::Mapping(others) => {
            entries.extend(others.into_iter().filter(|other| keys.insert(other.key.clone())));
        }
        Content::Sequence(nodes) => nodes.into_iter().for_each(|node| merge(entries, keys, node)),
        Content::Scalar(_) => {}
    }
}

fn position(span: Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

/// Resolves a plain scalar by the core schema of YAML 1.2.
pub(crate) fn resolve(text: &str) -> Value {
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
    if let Ok(integer) = text.parse::<u64>() {
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

/// Writes a decimal number of YAML, such as `+.5` or `007`, as JSON.
fn as_json(text: &str) -> String {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => ("-", text),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = text.find(['e', 'E']).map_or((text, ""), |at| text.split_at(at));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let integer = integer.trim_start_matches('0');
    let integer = if integer.is_empty() { "0" } else { integer };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{integer}{point}{fraction}{exponent}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Document, Problems> {
        Node::read(text).map(Node::document)
    }

    #[test]
    fn yaml_and_json_read_alike_and_know_their_places() {
        let yaml = read("name: a\nsteps:\n  - name: one\n    timeout: 1.5\n").unwrap();
        let json = read(r#"{"name": "a", "steps": [{"name": "one", "timeout": 1.5}]}"#).unwrap();
        assert_eq!(yaml.value, json.value);
        assert_eq!(yaml.value, json!({"name": "a", "steps": [{"name": "one", "timeout": 1.5}]}));
        assert_eq!(yaml.position("/steps/0/timeout"), Position { line: 4, column: 5 });
        assert_eq!(yaml.position("/steps/0/timeout/missing"), Position { line: 4, column: 5 });
    }

    #[test]
    fn versions_and_quoted_numbers_stay_text() {
        let document = read("a: 1.0.0\nb: \"1\"\nc: 1.0.0-rc1\nd: -3\ne: .5\nf: 1e3\ng: yes").unwrap();
        assert_eq!(
            document.value,
            json!({"a": "1.0.0", "b": "1", "c": "1.0.0-rc1", "d": -3, "e": 0.5, "f": 1000.0, "g": "yes"})
        );
    }

    #[test]
    fn a_number_stays_as_it_is_written() {
        let text = "[12345678901234567890, -123456789012345678901, 1.10, 0.12345678901234567891, 1e3, +.5, 0012345678901234567890123, 7.]";
        assert_eq!(
            read(text).unwrap().to::<Box<serde_json::value::RawValue>>().unwrap().get(),
            "[12345678901234567890,-123456789012345678901,1.10,0.12345678901234567891,1e3,0.5,12345678901234567890123,7]"
        );
        assert_eq!(
            read("big: 12345678901234567890").unwrap().value["big"],
            json!(12_345_678_901_234_567_890_u64)
        );
    }

    #[test]
    fn a_key_given_twice_is_refused_where_it_stands() {
        let problems = read("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(problems.render("t.yaml"), "t.yaml:3:1: error SYNTAX: `a` is given twice");
    }

    #[test]
    fn a_mappings_own_keys_win_wherever_the_merge_key_stands() {
        for (own, expected) in [
            ("{ <<: *one, b: 9 }", json!({ "a": 1, "b": 9 })),
            ("{ b: 9, <<: *one }", json!({ "a": 1, "b": 9 })),
            ("{ <<: [*one, *two] }", json!({ "a": 1, "b": 1, "c": 2 })),
            ("{ <<: *two, <<: *one, c: 9 }", json!({ "a": 1, "b": 2, "c": 9 })),
        ] {
            let text = format!("one: &one {{ a: 1, b: 1 }}\ntwo: &two {{ b: 2, c: 2 }}\nown: {own}\n");
            assert_eq!(read(&text).unwrap().value["own"], expected, "{own}");
        }
        assert!(read("{ a: 1, <<: { b: 2 }, a: 3 }").is_err());
    }

    #[test]
    fn a_limit_has_a_number() {
        let deep = format!("a: {}{}", "[".repeat(65), "]".repeat(65));
        assert!(read(&deep).unwrap_err().render("t").contains("deeper than 64 levels"));
        let large = format!("[{}]", "1,".repeat(200_001));
        assert!(read(&large).unwrap_err().render("t").contains("more than 200000 values"));
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let previous = level - 1;
            let aliases = vec![format!("*a{previous}"); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(read(&text).unwrap_err().render("bomb.yaml").contains("too large"));
    }
}
