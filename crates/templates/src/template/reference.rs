//! Generates the reference page of the template format from the types that define it.

use std::fmt::Write;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor, value},
    forward_to_deserialize_any,
};
use serde_json::Value;
use tasker_protocol::Grants;

use super::model::{
    BatchConfig, DomainEvent, Environment, Handler, HandlerOverride, Lifecycle, PublishedEvent, Retry,
    RetryOverride, SearchAttribute, Step, StepLimits, StepOverride, SystemDependencies, Template,
};
use crate::reading::Code;

/// The hand-written part of the page, with placeholders for the generated parts.
const PAGE: &str = include_str!("reference.md");

/// The reference of the template format, in Markdown.
pub fn reference() -> String {
    let sections = [
        section::<Template>(),
        section::<Step>(),
        section::<Handler>(),
        section::<Retry>(),
        section::<StepLimits>(),
        section::<Grants>(),
        section::<BatchConfig>(),
        section::<PublishedEvent>(),
        section::<DomainEvent>(),
        section::<SearchAttribute>(),
        section::<Environment>(),
        section::<StepOverride>(),
        section::<HandlerOverride>(),
        section::<RetryOverride>(),
        section::<Lifecycle>(),
        section::<SystemDependencies>(),
    ];
    PAGE.replace("<!-- fields -->", sections.join("\n").trim_end())
        .replace("<!-- codes -->", codes().trim_end())
}

/// The section of one object: its description, a table of its fields, and the values of its enumerations.
fn section<T: JsonSchema + for<'de> Deserialize<'de>>() -> String {
    let settings = SchemaSettings::draft2020_12();
    let schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    let mut text = format!("### {}\n\n{}\n\n", T::schema_name(), words(&schema));
    text.push_str("| field | type | default | range | meaning |\n|---|---|---|---|---|\n");
    let mut enumerations = String::new();
    for name in fields_of::<T>() {
        let field = &schema["properties"][name];
        let is_required =
            schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
        let (meaning, told_default) = split_default(&words(field));
        let default = told_default.unwrap_or_else(|| default(field, is_required));
        let _ = writeln!(
            text,
            "| `{name}` | {} | {default} | {} | {meaning} |",
            kind(name, field, &schema),
            range(field)
        );
        if let Some(values) = enumeration(field, &schema) {
            let _ = writeln!(enumerations, "\n`{name}`:\n\n{values}");
        }
    }
    (text + &enumerations).trim_end().to_owned() + "\n"
}

/// A description in one line, as a table takes it.
fn words(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Splits off the sentence that states the default.
fn split_default(words: &str) -> (String, Option<String>) {
    match words.split_once(" Default ") {
        Some((meaning, default)) => (meaning.to_owned(), Some(default.trim_end_matches('.').to_owned())),
        None => (words.to_owned(), None),
    }
}

fn default(field: &Value, is_required: bool) -> String {
    match field.get("default") {
        _ if is_required => "required".to_owned(),
        None if field["type"] == "boolean" => "`false`".to_owned(),
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(items)) if items.is_empty() => String::new(),
        Some(Value::Object(_)) => String::new(),
        Some(Value::Number(number)) => thousands(number.as_i64().unwrap_or_default()),
        Some(Value::String(text)) => format!("`{text}`"),
        Some(other) => format!("`{other}`"),
    }
}

fn range(field: &Value) -> String {
    let number = |key: &str| field[key].as_i64();
    if let Some(pattern) = field["pattern"].as_str() {
        return format!("`{pattern}`");
    }
    match (number("minimum"), number("maximum"), number("maxLength")) {
        (Some(least), Some(most), _) => format!("{}–{}", thousands(least), thousands(most)),
        // 0 is the natural minimum and needs no mention.
        (Some(1..), None, _) => format!("at least {}", thousands(number("minimum").unwrap_or_default())),
        (_, _, Some(most)) => {
            format!("{}–{} characters", number("minLength").unwrap_or_default(), thousands(most))
        }
        _ => String::new(),
    }
}

/// The type of a field, with links.
fn kind(name: &str, field: &Value, root: &Value) -> String {
    if let Some(definition) = definition(field, root) {
        let (of, schema) = definition;
        return if constants(schema).is_some() { "one of the values below".to_owned() } else { link(of) };
    }
    let types: Vec<&str> = match &field["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => {
            several.iter().filter_map(Value::as_str).filter(|&one| one != "null").collect()
        }
        _ => Vec::new(),
    };
    let inner = |schema: &Value| match definition(schema, root) {
        Some((of, _)) => link(of),
        None => "text".to_owned(),
    };
    match types[..] {
        ["string"] => "text".to_owned(),
        ["integer" | "number"] => "number".to_owned(),
        ["boolean"] => "`true` or `false`".to_owned(),
        ["array"] => format!("list of {}", inner(&field["items"])),
        ["object"] if field["additionalProperties"].is_object() => {
            format!("mapping of names to {}", inner(&field["additionalProperties"]))
        }
        ["object"] => "any keys and values".to_owned(),
        _ if name.ends_with("schema") => "a JSON Schema".to_owned(),
        _ => "anything".to_owned(),
    }
}

fn link(of: &str) -> String {
    format!("[{of}](#{})", of.to_lowercase())
}

/// The definition that a schema refers to, directly or through `anyOf` with null.
fn definition<'a>(schema: &'a Value, root: &'a Value) -> Option<(&'a str, &'a Value)> {
    let alternatives = schema["anyOf"].as_array().map_or(std::slice::from_ref(schema), Vec::as_slice);
    let reference = alternatives.iter().find_map(|schema| schema["$ref"].as_str())?;
    let name = reference.rsplit('/').next()?;
    Some((name, root.pointer(reference.trim_start_matches('#'))?))
}

/// The values of an enumeration with their descriptions.
fn constants(schema: &Value) -> Option<Vec<(&str, String)>> {
    schema["oneOf"].as_array()?.iter().map(|one| Some((one["const"].as_str()?, words(one)))).collect()
}

fn enumeration(field: &Value, root: &Value) -> Option<String> {
    let (_, schema) = definition(field, root)?;
    let lines = constants(schema)?.into_iter().map(|(name, meaning)| format!("- `{name}`: {meaning}"));
    Some(lines.collect::<Vec<_>>().join("\n"))
}

fn codes() -> String {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Code>().to_value();
    let mut text = "| code | meaning |\n|---|---|\n".to_owned();
    for (code, meaning) in constants(&schema).unwrap_or_default() {
        let _ = writeln!(text, "| `{code}` | {meaning} |");
    }
    text
}

fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The fields of a type in declaration order, which its schema does not keep.
fn fields_of<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // Deserialization fails on purpose after it has reported its fields.
    let _ = T::deserialize(Ask(&mut fields));
    fields
}

struct Ask<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Ask<'_> {
    type Error = value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(de::Error::custom("only asked"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("only asked"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_of_the_format_has_its_section() {
        let page = reference();
        let schema =
            SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Template>().to_value();
        for (name, definition) in schema["$defs"].as_object().expect("definitions") {
            let Some(fields) = definition["properties"].as_object() else { continue };
            let (_, section) =
                page.split_once(&format!("### {name}\n")).unwrap_or_else(|| panic!("no {name}"));
            let section = section.split("\n#").next().unwrap_or_default();
            for field in fields.keys() {
                assert!(section.contains(&format!("| `{field}` |")), "{name} lacks {field}:\n{section}");
            }
        }
    }

    #[test]
    fn the_templates_on_the_page_are_right() {
        for yaml in PAGE.split("```yaml\n").skip(1).filter_map(|part| part.split("```").next()) {
            crate::template::parse(yaml).unwrap_or_else(|problems| panic!("{problems}\n{yaml}"));
        }
    }
}
