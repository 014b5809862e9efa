//! Types in Rust, with serde.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::Value;

use super::{
    comment_lines,
    names::{pascal, snake, unique},
    shape::{Declaration, Field, Kind, Shape},
};

/// The names that a field can only have with `r#`.
pub(super) const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
/// The names that it cannot have at all.
pub(super) const IMPOSSIBLE: &[&str] = &["self", "super", "crate", "_"];

pub(super) fn write(about: &str, declarations: &[Declaration]) -> String {
    let mut text = format!("// {about}\n\nuse serde::{{Deserialize, Serialize}};\n");
    for Declaration { name, about, kind } in declarations {
        match kind {
            Kind::Object(fields) => {
                text.push('\n');
                comment_lines(&mut text, "///", "", about.as_deref());
                let _ = writeln!(text, "#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]");
                let _ = writeln!(text, "pub struct {name} {{");
                let mut taken = BTreeSet::new();
                for field in fields {
                    self::field(&mut text, &mut taken, field);
                }
                text.push_str("}\n");
                for field in fields {
                    enums(&mut text, &field.shape, None);
                }
            }
            Kind::Alias(Shape::Literals { name: of, .. } | Shape::Union { name: of, .. }) if of == name => {
                let Kind::Alias(shape) = kind else { continue };
                enums(&mut text, shape, about.as_deref());
            }
            Kind::Alias(shape) => {
                text.push('\n');
                comment_lines(&mut text, "///", "", about.as_deref());
                let _ = writeln!(text, "pub type {name} = {};", of_shape(shape, true));
                enums(&mut text, shape, None);
            }
        }
    }
    text
}

fn field(text: &mut String, taken: &mut BTreeSet<String>, field: &Field) {
    comment_lines(text, "///", "    ", field.about.as_deref());
    let plain = snake(&field.name);
    let plain = if IMPOSSIBLE.contains(&plain.as_str()) { format!("{plain}_") } else { plain };
    let name = unique(taken, plain);
    let shape = of_shape(&field.shape, true);
    let mut attributes = Vec::new();
    if name != field.name {
        attributes.push(format!("rename = {}", quoted(&field.name)));
    }
    let shape = if field.is_required {
        shape
    } else {
        attributes.push("default".to_owned());
        attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
        // A null is not kept apart from a key that is absent.
        if shape.starts_with("Option<") { shape } else { format!("Option<{shape}>") }
    };
    if !attributes.is_empty() {
        let _ = writeln!(text, "    #[serde({})]", attributes.join(", "));
    }
    let raw = if KEYWORDS.contains(&name.as_str()) { "r#" } else { "" };
    let _ = writeln!(text, "    pub {raw}{name}: {shape},");
}

/// `is_in_place`: what leads back to its user needs a box there.
fn of_shape(shape: &Shape, is_in_place: bool) -> String {
    match shape {
        Shape::Unknown => "serde_json::Value".to_owned(),
        Shape::Null => "()".to_owned(),
        Shape::Boolean => "bool".to_owned(),
        Shape::Integer => "i64".to_owned(),
        Shape::Number => "f64".to_owned(),
        Shape::Text => "String".to_owned(),
        Shape::List(items) => format!("Vec<{}>", of_shape(items, false)),
        Shape::Map(values) => {
            format!("std::collections::BTreeMap<String, {}>", of_shape(values, false))
        }
        Shape::Literals { name, values } if values.iter().all(Value::is_string) => name.clone(),
        Shape::Literals { values, .. } => Shape::of_values(values)
            .as_ref()
            .map_or_else(|| "serde_json::Value".to_owned(), |shape| of_shape(shape, is_in_place)),
        Shape::Union { name, .. } => name.clone(),
        Shape::Nullable(shape) => format!("Option<{}>", of_shape(shape, is_in_place)),
        Shape::Named { name, is_recursive: true } if is_in_place => format!("Box<{name}>"),
        Shape::Named { name, .. } => name.clone(),
    }
}

/// Declares the enumerations in a shape.
fn enums(text: &mut String, shape: &Shape, about: Option<&str>) {
    match shape {
        Shape::List(shape) | Shape::Map(shape) | Shape::Nullable(shape) => enums(text, shape, about),
        Shape::Literals { name, values } if values.iter().all(Value::is_string) => {
            text.push('\n');
            comment_lines(text, "///", "", about);
            text.push_str("#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]\n");
            let _ = writeln!(text, "pub enum {name} {{");
            let mut taken = BTreeSet::new();
            for value in values.iter().filter_map(Value::as_str) {
                let variant = unique(&mut taken, pascal(value));
                let variant = if variant == "Self" { "Self_".to_owned() } else { variant };
                if variant != value {
                    let _ = writeln!(text, "    #[serde(rename = {})]", quoted(value));
                }
                let _ = writeln!(text, "    {variant},");
            }
            text.push_str("}\n");
        }
        Shape::Union { name, of } => {
            text.push('\n');
            comment_lines(text, "///", "", about);
            text.push_str("#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\n#[serde(untagged)]\n");
            let _ = writeln!(text, "pub enum {name} {{");
            let mut taken = BTreeSet::new();
            for shape in of {
                let variant = unique(&mut taken, variant(shape, name));
                let _ = writeln!(text, "    {variant}({}),", of_shape(shape, true));
            }
            text.push_str("}\n");
            for shape in of {
                enums(text, shape, None);
            }
        }
        _ => {}
    }
}

/// The name of a variant that holds this.
fn variant(shape: &Shape, of: &str) -> String {
    match shape {
        Shape::Unknown => "Value".to_owned(),
        Shape::Null => "Null".to_owned(),
        Shape::Boolean => "Boolean".to_owned(),
        Shape::Integer => "Integer".to_owned(),
        Shape::Number => "Number".to_owned(),
        Shape::Text => "Text".to_owned(),
        Shape::List(_) => "List".to_owned(),
        Shape::Map(_) => "Map".to_owned(),
        Shape::Nullable(shape) => variant(shape, of),
        Shape::Literals { name, .. } | Shape::Union { name, .. } | Shape::Named { name, .. } => {
            let short = name.strip_prefix(of).unwrap_or(name);
            pascal(short)
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_default())
}
