//! The beginning of a handler in Rust: the types of its template, and a function to fill in.

use std::fmt::Write as _;

use tasker_templates::template::{Step, StepType, Template};

use super::{
    Language, comment_lines,
    names::{pascal, snake},
    rust::{IMPOSSIBLE, KEYWORDS},
    types,
};

/// Writes the beginning of a step's handler.
pub(crate) fn skeleton(template: &Template, step: &Step) -> String {
    let of_template = types(template, Language::Rust);
    // Handlers describe their input and result, so that the types need their schemas.
    let of_template = of_template
        .replace("use serde::{Deserialize, Serialize};\n", "use tasker_handler::{prelude::*, serde_json};\n")
        .replace("Serialize, Deserialize)]", "Serialize, Deserialize, JsonSchema)]");
    let mut text = of_template + "\n";
    let about = step.description.clone().unwrap_or_else(|| format!("The step {}.", step.name));
    comment_lines(&mut text, "///", "", Some(&about));
    let result = match &step.result_schema {
        Some(_) => format!("{}Result", pascal(&step.name)),
        None => "serde_json::Value".to_owned(),
    };
    let result = match step.step_type {
        StepType::Decision | StepType::Batchable => format!("Outcome<{result}>"),
        _ => result,
    };
    let callable = step.handler.callable.rsplit('/').next().unwrap_or_default();
    let name = variable(callable);
    let named = if name == callable { String::new() } else { format!("(name = {callable:?})") };
    let _ = writeln!(text, "#[handler{named}]");
    let input = format!("{}Input", pascal(&template.name));
    let _ = writeln!(text, "pub fn {name}(ctx: &Context, input: {input}) -> Result<{result}, Failure> {{");
    for dependency in &step.dependencies {
        let of = template.steps.iter().find(|other| other.name == *dependency);
        let shape = match of.and_then(|of| of.result_schema.as_ref()) {
            Some(_) => format!("{}Result", pascal(dependency)),
            None => "serde_json::Value".to_owned(),
        };
        let _ =
            writeln!(text, "    let {}: {shape} = ctx.dependency({dependency:?})?;", variable(dependency));
    }
    let _ = writeln!(
        text,
        "    Err(Failure::permanent(\"NotWritten\", \"the handler `{name}` is not written yet\"))\n}}"
    );
    text
}

/// The name of a variable or a function: no keyword, and none of the parameters.
fn variable(name: &str) -> String {
    let name = snake(name);
    if KEYWORDS.contains(&name.as_str())
        || IMPOSSIBLE.contains(&name.as_str())
        || ["ctx", "input"].contains(&name.as_str())
    {
        format!("{name}_")
    } else {
        name
    }
}
