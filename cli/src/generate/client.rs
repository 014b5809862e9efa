//! A typed client of one template: functions that start a task and read the results of its steps, over the client of the language.

use std::{collections::BTreeSet, fmt::Write as _};

use clap::ValueEnum;
use tasker_templates::template::{Step, Template};

use super::{
    Language,
    names::{pascal, snake, unique},
    types,
};

/// A language that has a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientLanguage {
    /// TypeScript, for the package `tasker-client`.
    #[value(name = "ts", alias = "typescript")]
    TypeScript,
    /// Python 3.11 or later, for the package `tasker-client`.
    #[value(alias = "py")]
    Python,
    /// Rust, for the crate `tasker-client`.
    #[value(alias = "rs")]
    Rust,
}

/// Writes the types of a template and the functions that use them.
pub(crate) fn client(template: &Template, language: ClientLanguage) -> String {
    let (of, import) = match language {
        ClientLanguage::TypeScript => (
            Language::TypeScript,
            "import type { Outcome, StartOptions, Task, Tasker } from \"tasker-client\";",
        ),
        ClientLanguage::Python => (
            Language::Python,
            "from typing import Unpack, cast\n\nfrom tasker_client import Outcome, StartOptions, Task, Tasker",
        ),
        ClientLanguage::Rust => (Language::Rust, "use tasker_client::{Client, Result, Start, TaskOutcome};"),
    };
    let types = types(template, of).replace("`tasker generate types`", "`tasker generate client`");
    let (about, types) = types.split_once('\n').unwrap_or((&types, ""));
    let mut text = format!("{about}\n\n{import}\n{types}");
    let mut taken = BTreeSet::new();
    start(&mut text, template, language, &mut taken);
    for step in &template.steps {
        result(&mut text, step, language, &mut taken);
    }
    text
}

fn start(text: &mut String, template: &Template, language: ClientLanguage, taken: &mut BTreeSet<String>) {
    let path = serde_json::Value::from(format!("{}/{}", template.namespace_name, template.name));
    let input = format!("{}Input", pascal(&template.name));
    let about = format!("Starts a task of {}/{}.", template.namespace_name, template.name);
    let _ = match language {
        ClientLanguage::TypeScript => {
            let name = unique(taken, format!("start{}", pascal(&template.name)));
            writeln!(
                text,
                "\n/** {about} */\nexport function {name}(tasker: Tasker, input: {input}, options?: StartOptions): Promise<Task> {{\n  \
                 return tasker.start({path}, input, options);\n}}"
            )
        }
        ClientLanguage::Python => {
            let name = unique(taken, format!("start_{}", snake(&template.name)));
            writeln!(
                text,
                "\n\ndef {name}(tasker: Tasker, input: {input}, **options: Unpack[StartOptions]) -> Task:\n    \"\"\"{about}\"\"\"\n    \
                 return tasker.start({path}, input, **options)"
            )
        }
        ClientLanguage::Rust => {
            let name = unique(taken, format!("start_{}", snake(&template.name)));
            writeln!(
                text,
                "\n/// {about}\npub fn {name}(tasker: &Client, input: &{input}) -> Start {{\n    tasker.start({path}, input)\n}}"
            )
        }
    };
}

fn result(text: &mut String, step: &Step, language: ClientLanguage, taken: &mut BTreeSet<String>) {
    let path = serde_json::Value::from(step.name.as_str());
    let has_schema = step.result_schema.is_some();
    let of = |otherwise: &str| {
        if has_schema { format!("{}Result", pascal(&step.name)) } else { otherwise.to_owned() }
    };
    let about = format!("The result of the step {}, once it has completed.", step.name);
    let _ = match language {
        ClientLanguage::TypeScript => {
            let pascal = pascal(&step.name);
            let (first, rest) = pascal.split_at(1);
            let name = unique(taken, format!("{}{rest}Result", first.to_ascii_lowercase()));
            writeln!(
                text,
                "\n/** {about} */\nexport function {name}(outcome: Outcome): Promise<{0}> {{\n  return outcome.result<{0}>({path});\n}}",
                of("unknown")
            )
        }
        ClientLanguage::Python => {
            let name = unique(taken, format!("{}_result", snake(&step.name)));
            let body = if has_schema {
                format!("cast({}, outcome.result({path}))", of("Any"))
            } else {
                format!("outcome.result({path})")
            };
            writeln!(
                text,
                "\n\ndef {name}(outcome: Outcome) -> {}:\n    \"\"\"{about}\"\"\"\n    return {body}",
                of("Any")
            )
        }
        ClientLanguage::Rust => {
            let name = unique(taken, format!("{}_result", snake(&step.name)));
            writeln!(
                text,
                "\n/// {about}\npub async fn {name}(outcome: &TaskOutcome) -> Result<{}> {{\n    outcome.result({path}).await\n}}",
                of("serde_json::Value")
            )
        }
    };
}
