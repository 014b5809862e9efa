//! Code and pages from a template: the types of its input and results, and its description.

mod client;
mod document;
mod go;
mod names;
mod python;
mod rust;
mod schema;
pub(crate) mod schema_fields;
mod shape;
mod skeleton;
mod typescript;

use std::fmt::Write as _;

use clap::ValueEnum;
use tasker_templates::template::Template;

pub(crate) use client::{ClientLanguage, client};
pub(crate) use document::document;
pub(crate) use skeleton::skeleton;

use self::{
    names::pascal,
    schema::Reader,
    shape::{Declaration, Field, Kind, Shape},
};

/// A text for comments: without characters that end a line in one language and not in another, or change the direction of the text.
fn plain(text: &str) -> String {
    let is_hidden = |letter: char| {
        letter.is_control() && letter != '\n'
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.replace("\r\n", "\n").replace(is_hidden, " ")
}

/// Writes a text as comments, each line after this mark.
fn comment_lines(text: &mut String, mark: &str, indent: &str, about: Option<&str>) {
    for line in plain(about.unwrap_or_default()).lines() {
        let _ = writeln!(text, "{}", format!("{indent}{mark} {line}").trim_end());
    }
}

/// The names that the languages have already.
const NOT_FREE: &[&str] = &[
    "Any",
    "Array",
    "Box",
    "Client",
    "Context",
    "Deserialize",
    "Failure",
    "JsonSchema",
    "Literal",
    "NotRequired",
    "Option",
    "Outcome",
    "Record",
    "Result",
    "Self",
    "Serialize",
    "Start",
    "StartOptions",
    "String",
    "Task",
    "TaskOutcome",
    "Tasker",
    "TypedDict",
    "Union",
    "Vec",
];

/// A language that types are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// TypeScript.
    #[value(name = "ts", alias = "typescript")]
    TypeScript,
    /// Python 3.11 or later.
    #[value(alias = "py")]
    Python,
    /// Rust, with serde and `serde_json`.
    #[value(alias = "rs")]
    Rust,
    /// Go.
    #[value(alias = "golang")]
    Go,
}

/// The types of a template's input, of the results of its steps that have a schema, and of all results together.
pub(crate) fn types(template: &Template, language: Language) -> String {
    let declarations = declarations(template);
    let about = format!(
        "The types of the template {}/{} {}. Made by `tasker generate types`: do not edit.",
        template.namespace_name, template.name, template.version
    );
    match language {
        Language::TypeScript => typescript::write(&about, &declarations),
        Language::Python => python::write(&about, &declarations),
        Language::Rust => rust::write(&about, &declarations),
        Language::Go => go::write(&about, &template.name, &declarations),
    }
}

fn declarations(template: &Template) -> Vec<Declaration> {
    let name = pascal(&template.name);
    let (input, results) = (format!("{name}Input"), format!("{name}Results"));
    // These names are the same whatever the schemas contain.
    let taken = [input.clone(), results.clone()];
    let mut reader = Reader::new(taken.into_iter().chain(NOT_FREE.iter().map(|&name| name.to_owned())));
    reader.declare(&input, template.input_schema.as_ref(), Some("The input of a task."));
    let fields = template.steps.iter().map(|step| {
        let shape = match &step.result_schema {
            None => Shape::Unknown,
            Some(schema) => {
                let of_step = reader.reserve(&format!("{}Result", pascal(&step.name)));
                let about = format!("The result of the step {}.", step.name);
                reader.declare(&of_step, Some(schema), Some(&about));
                Shape::Named { name: of_step, is_recursive: false }
            }
        };
        Field { name: step.name.clone(), about: step.description.clone(), shape, is_required: false }
    });
    let fields = fields.collect();
    let mut declarations = reader.into_declarations();
    declarations.push(Declaration {
        name: results,
        about: Some(
            "The results of the steps, by their names. A step that has not completed has none.".to_owned(),
        ),
        kind: Kind::Object(fields),
    });
    declarations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_description_ends_its_comment() {
        let hostile = "one\rimport os\u{2028}x\u{202e}y\r\ntwo\0\x1b[2J";
        assert_eq!(plain(hostile), "one import os x y\ntwo  [2J");
    }
}
