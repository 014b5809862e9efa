//! Types in TypeScript.

use std::fmt::Write as _;

use super::{
    plain,
    shape::{Declaration, Field, Kind, Shape},
};

pub(super) fn write(about: &str, declarations: &[Declaration]) -> String {
    let mut text = format!("// {about}\n");
    for Declaration { name, about, kind } in declarations {
        text.push('\n');
        comment(&mut text, "", about.as_deref());
        match kind {
            Kind::Object(fields) => {
                let _ = writeln!(text, "export interface {name} {{");
                for field in fields {
                    self::field(&mut text, field);
                }
                text.push_str("}\n");
            }
            Kind::Alias(shape) => {
                let _ = writeln!(text, "export type {name} = {};", of(shape));
            }
        }
    }
    text
}

fn field(text: &mut String, field: &Field) {
    comment(text, "  ", field.about.as_deref());
    let mark = if field.is_required { "" } else { "?" };
    let _ = writeln!(text, "  {}{mark}: {};", key(&field.name), of(&field.shape));
}

fn of(shape: &Shape) -> String {
    match shape {
        Shape::Unknown => "unknown".to_owned(),
        Shape::Null => "null".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Integer | Shape::Number => "number".to_owned(),
        Shape::Text => "string".to_owned(),
        Shape::List(items) => format!("Array<{}>", of(items)),
        Shape::Map(values) => format!("Record<string, {}>", of(values)),
        Shape::Literals { values, .. } => {
            values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
        }
        Shape::Union { of: shapes, .. } => shapes.iter().map(of).collect::<Vec<_>>().join(" | "),
        Shape::Nullable(shape) => format!("{} | null", of(shape)),
        Shape::Named { name, .. } => name.clone(),
    }
}

/// The name of a property, quoted where it must be.
fn key(name: &str) -> String {
    let is_plain = !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$');
    if is_plain { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}

fn comment(text: &mut String, indent: &str, about: Option<&str>) {
    let Some(about) = about else { return };
    // The end of a comment would be code.
    let about = plain(about).replace("*/", "*\\/");
    let lines: Vec<&str> = about.lines().collect();
    if let [line] = lines[..] {
        let _ = writeln!(text, "{indent}/** {line} */");
        return;
    }
    let _ = writeln!(text, "{indent}/**");
    for line in lines {
        let _ = writeln!(text, "{}", format!("{indent} * {line}").trim_end());
    }
    let _ = writeln!(text, "{indent} */");
}
