//! Types in Python: typed dictionaries.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    comment_lines,
    shape::{Declaration, Field, Kind, Shape},
};

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

pub(super) fn write(about: &str, declarations: &[Declaration]) -> String {
    let mut text = format!("# {about}\n\nfrom typing import Any, Literal, NotRequired, TypedDict, Union\n");
    for Declaration { name, about, kind } in declarations {
        text.push_str("\n\n");
        comment_lines(&mut text, "#", "", about.as_deref());
        match kind {
            Kind::Object(fields) if fields.iter().all(|field| is_name(&field.name)) => {
                let _ = writeln!(text, "class {name}(TypedDict):");
                for field in fields {
                    comment_lines(&mut text, "#", "    ", field.about.as_deref());
                    let _ = writeln!(text, "    {}: {}", field.name, of_field(field));
                }
                if fields.is_empty() {
                    text.push_str("    pass\n");
                }
            }
            // Only so keys may have any name.
            Kind::Object(fields) => {
                let _ = writeln!(text, "{name} = TypedDict(\n    \"{name}\",\n    {{");
                for field in fields {
                    comment_lines(&mut text, "#", "        ", field.about.as_deref());
                    let _ = writeln!(text, "        {}: {},", quoted(&field.name), of_field(field));
                }
                text.push_str("    },\n)\n");
            }
            Kind::Alias(shape) => {
                let _ = writeln!(text, "{name} = {}", of(shape));
            }
        }
    }
    text
}

fn of_field(field: &Field) -> String {
    let shape = of(&field.shape);
    if field.is_required { shape } else { format!("NotRequired[{shape}]") }
}

fn of(shape: &Shape) -> String {
    match shape {
        Shape::Unknown => "Any".to_owned(),
        Shape::Null => "None".to_owned(),
        Shape::Boolean => "bool".to_owned(),
        Shape::Integer => "int".to_owned(),
        Shape::Number => "float".to_owned(),
        Shape::Text => "str".to_owned(),
        Shape::List(items) => format!("list[{}]", of(items)),
        Shape::Map(values) => format!("dict[str, {}]", of(values)),
        Shape::Literals { values, .. } => literals(values),
        Shape::Union { of: shapes, .. } => {
            format!("Union[{}]", shapes.iter().map(of).collect::<Vec<_>>().join(", "))
        }
        Shape::Nullable(shape) => match &**shape {
            Shape::Union { of: shapes, .. } => {
                format!("Union[{}, None]", shapes.iter().map(of).collect::<Vec<_>>().join(", "))
            }
            shape => format!("Union[{}, None]", of(shape)),
        },
        // Quoted, because it may be declared further below.
        Shape::Named { name, .. } => format!("\"{name}\""),
    }
}

fn literals(values: &[Value]) -> String {
    // A literal is no fraction.
    if values.iter().any(Value::is_f64) {
        return Shape::of_values(values).as_ref().map_or_else(|| "Any".to_owned(), of);
    }
    let literal = |value: &Value| match value {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => quoted(text),
        value => value.to_string(),
    };
    format!("Literal[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", "))
}

/// A text in the syntax of Python. That of JSON is the same but for characters beyond 16 bits, which JSON writes plainly.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\x7f")
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        // Names in a class are changed if they begin so.
        && !text.starts_with("__")
        && !KEYWORDS.contains(&text)
}
