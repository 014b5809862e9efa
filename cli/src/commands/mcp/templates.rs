//! Tools about the texts of templates: check, describe, draw, write, and the reference of the format.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tasker_mcp::{Arguments, Kind, optional, required};
use tasker_orchestrator::read::DrawnGraph;
use tasker_templates::template::{Graph, Parsed, Step, Template, parse, reference};

use super::local::Local;
use crate::{
    commands::named_template::file_of_project,
    config::ProjectConfig,
    generate::document,
    graph::{Format, draw},
    project::templates::files_of,
};

/// The names of the arguments that say which template is meant.
const TEXT: &str = "template";
const FILE: &str = "file";

const OF_TEXT: tasker_mcp::Field =
    optional(TEXT, Kind::Text, "The text of a template file, in YAML or JSON. Either this or `file`.");
const OF_FILE: tasker_mcp::Field = optional(
    FILE,
    Kind::Text,
    "A template file of the project by its path, or a template of the project by NAME or NAMESPACE/NAME.",
);

pub(super) const TOOLS: &[Local] = &[
    Local {
        name: "template_list",
        title: "List the project's templates",
        description: "Lists the template files of the project, with the steps of each, or what is wrong with it.",
        fields: &[],
        is_read_only: true,
        run: |project, _| Box::pin(async { list(project) }),
    },
    Local {
        name: "template_validate",
        title: "Check a template",
        description: "Checks a template without a server. Returns every problem with its line, column, step and code.",
        fields: &[OF_TEXT, OF_FILE],
        is_read_only: true,
        run: |project, arguments| Box::pin(async { Ok(verdict(&text_of(project, arguments)?)) }),
    },
    Local {
        name: "template_inspect",
        title: "Describe a template",
        description: "Describes a template: its steps, their handlers, what each waits for, retries, input and results.",
        fields: &[OF_TEXT, OF_FILE],
        is_read_only: true,
        run: |project, arguments| Box::pin(async { inspect(&template_of(project, arguments)?) }),
    },
    Local {
        name: "template_visualize",
        title: "Draw a template",
        description: "Draws the steps of a template, as a Mermaid flowchart unless another format is asked for.",
        fields: &[
            OF_TEXT,
            OF_FILE,
            optional("format", Kind::Choice(&["mermaid", "dot", "svg"]), "The format. Default: mermaid."),
        ],
        is_read_only: true,
        run: |project, arguments| Box::pin(async { visualize(project, arguments) }),
    },
    Local {
        name: "template_generate",
        title: "Write a template",
        description: "Writes a template from a list of steps, and checks it. Saves nothing: write the text to a file of \
            the project's folder of templates.",
        fields: &[
            required("name", Kind::Text, "Its name."),
            optional("namespace", Kind::Text, "Its namespace. Default: default."),
            optional("version", Kind::Text, "Its version. Default: 1.0.0."),
            optional("description", Kind::Text, "What it does, in one sentence."),
            required(
                "steps",
                Kind::Values,
                "The steps, in order: objects with `name`, `handler` (default: the name), `dependencies` (names), and any \
                 other field of a step: see template_reference.",
            ),
            optional("input_schema", Kind::Object, "The JSON Schema of the input."),
        ],
        is_read_only: true,
        run: |_, arguments| Box::pin(async { generate(arguments) }),
    },
    Local {
        name: "template_reference",
        title: "Read the reference of templates",
        description: "Returns the titles of the sections of the template format's reference, or one section.",
        fields: &[optional("section", Kind::Text, "The title of the section.")],
        is_read_only: true,
        run: |_, arguments| Box::pin(async { section(arguments.text("section")) }),
    },
];

/// The text that the arguments give or name.
fn text_of(project: &ProjectConfig, arguments: &Arguments) -> Result<String> {
    match (arguments.text(TEXT), arguments.text(FILE)) {
        (Some(text), None) => Ok(text.to_owned()),
        (None, Some(wanted)) => text_of_project(project, wanted),
        _ => bail!("give either `{TEXT}` (the text) or `{FILE}` (a file or a name)"),
    }
}

/// The text of a file of the project, or of a template of the project by its name.
pub(super) fn text_of_project(project: &ProjectConfig, wanted: &str) -> Result<String> {
    let path = file_of_project(project, wanted)?;
    // An assistant may be led astray by what it reads.
    let (file, folder) = (path.canonicalize()?, project.path(Path::new("")).canonicalize()?);
    if !file.starts_with(&folder) {
        bail!("{} is not in the project {}", path.display(), folder.display());
    }
    fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

/// The template that the arguments give or name.
pub(super) fn template_of(project: &ProjectConfig, arguments: &Arguments) -> Result<Template> {
    parsed(&text_of(project, arguments)?)
}

/// A step of a template by its name.
pub(super) fn step_of<'a>(template: &'a Template, name: &str) -> Result<&'a Step> {
    let step = template.steps.iter().find(|step| step.name == name);
    step.with_context(|| {
        let known = template.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(", ");
        format!("there is no step `{name}`; there are {known}")
    })
}

/// Reads a template. An error holds every problem with its place.
pub(super) fn parsed(text: &str) -> Result<Template> {
    match parse(text) {
        Ok(Parsed { template, .. }) => Ok(template),
        Err(problems) => bail!("{}", problems.render("the template")),
    }
}

fn list(project: &ProjectConfig) -> Result<Value> {
    let mut templates = Vec::new();
    for path in files_of(project)? {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        templates.push(match parse(&text) {
            Ok(Parsed { template, .. }) => json!({
                "file": path, "namespace": template.namespace_name, "name": template.name,
                "version": template.version,
                "steps": template.steps.iter().map(|step| &step.name).collect::<Vec<_>>(),
            }),
            Err(problems) => json!({ "file": path, "problems": problems.0.len() }),
        });
    }
    Ok(json!({ "templates": templates, "next": "Call template_inspect or template_validate with `file`." }))
}

fn verdict(text: &str) -> Value {
    let problems = match parse(text) {
        Ok(parsed) => parsed.warnings,
        Err(problems) => problems,
    };
    let valid = problems.is_publishable();
    let count = problems.0.len();
    // The first are the most useful: later ones often follow from them.
    let listed: Vec<Value> = problems.0.into_iter().take(50).map(|problem| json!({
        "code": problem.code.to_string(), "line": problem.position.line, "column": problem.position.column,
        "step": problem.step, "message": problem.message,
    })).collect();
    json!({ "valid": valid, "count": count, "truncated": count > listed.len(), "problems": listed })
}

fn inspect(template: &Template) -> Result<Value> {
    let graph = DrawnGraph::of_template(template)?;
    let depths = Graph::new(template).map(|graph| graph.depths()).unwrap_or_default();
    let steps = template.steps.iter().zip(depths).map(|(step, depth)| {
        json!({
            "name": step.name, "type": step.step_type.as_str(), "handler": step.handler.callable,
            "dependencies": step.dependencies, "level": depth, "max_attempts": step.retry.max_attempts,
            "retryable": step.retry.retryable, "timeout_seconds": step.timeout_seconds, "grants": step.grants,
        })
    });
    Ok(json!({
        "namespace": template.namespace_name, "name": template.name, "version": template.version,
        "steps": steps.collect::<Vec<_>>(), "analysis": graph.analysis, "page": document(template)?,
        "next": "Call template_visualize for a picture, or schema_inspect for its schemas.",
    }))
}

fn visualize(project: &ProjectConfig, arguments: &Arguments) -> Result<Value> {
    let graph = DrawnGraph::of_template(&template_of(project, arguments)?)?;
    let (name, format) = match arguments.text("format") {
        Some("dot") => ("dot", Format::Dot),
        Some("svg") => ("svg", Format::Svg),
        _ => ("mermaid", Format::Mermaid),
    };
    Ok(json!({ "steps": graph.nodes.len(), name: draw(&graph, format) }))
}

fn generate(arguments: &Arguments) -> Result<Value> {
    let text = |name: &str, otherwise: &str| quoted(arguments.text(name).unwrap_or(otherwise));
    let mut yaml = format!(
        "name: {}\nnamespace_name: {}\nversion: {}\n",
        text("name", ""),
        text("namespace", "default"),
        text("version", "1.0.0")
    );
    if let Some(about) = arguments.text("description") {
        let _ = writeln!(yaml, "description: {}", quoted(about));
    }
    if let Some(schema) = arguments.get("input_schema") {
        let _ = writeln!(yaml, "input_schema: {schema}");
    }
    yaml.push_str("steps:\n");
    let steps = arguments.get("steps").and_then(Value::as_array).cloned().unwrap_or_default();
    for (index, step) in steps.into_iter().enumerate() {
        let Value::Object(mut step) = step else { bail!("step {} is not an object", index + 1) };
        let Some(Value::String(name)) = step.remove("name") else {
            bail!("step {} has no `name`", index + 1)
        };
        let handler = match step.remove("handler") {
            None => json!({ "callable": name }),
            Some(Value::String(callable)) => json!({ "callable": callable }),
            Some(other) => other,
        };
        let _ = writeln!(yaml, "  - name: {}\n    handler: {handler}", quoted(&name));
        for (field, value) in step {
            let _ = writeln!(yaml, "    {}: {value}", quoted(&field));
        }
    }
    let mut checked = verdict(&yaml);
    checked["yaml"] = yaml.into();
    checked["next"] = "Save the text, then call handler_generate for each step.".into();
    Ok(checked)
}

/// A text in YAML: plain if it is a plain word, else in JSON, which YAML contains.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    // Other words may be numbers, booleans or nothing.
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_plain);
    let is_taken = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if is_word && !is_taken.contains(&text.to_ascii_lowercase().as_str()) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

/// The sections of the reference, by their titles.
fn section(wanted: Option<&str>) -> Result<Value> {
    let page = reference();
    let sections =
        page.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap_or((section, "")));
    let sections: Vec<(&str, &str)> = sections.collect();
    let titles: Vec<&str> = sections.iter().map(|(title, _)| *title).collect();
    let Some(wanted) = wanted else {
        let introduction = page.split("\n## ").next().unwrap_or_default();
        return Ok(
            json!({ "introduction": introduction, "sections": titles, "next": "Call it with a `section`." }),
        );
    };
    let found = sections.iter().find(|(title, _)| title.eq_ignore_ascii_case(wanted));
    let (title, text) = found.with_context(|| {
        format!("the reference has no section `{wanted}`; there are {}", titles.join(", "))
    })?;
    Ok(json!({ "section": title, "text": text.trim() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_where_yaml_would_read_something_else() {
        for (text, written) in
            [("pay", "pay"), ("no", "\"no\""), ("1.0.0", "\"1.0.0\""), ("a: b", "\"a: b\""), ("", "\"\"")]
        {
            assert_eq!(quoted(text), written);
        }
    }

    #[test]
    fn the_reference_has_sections() {
        let all = section(None).unwrap();
        let title = all["sections"][0].as_str().unwrap();
        assert!(!section(Some(title)).unwrap()["text"].as_str().unwrap().is_empty());
        assert!(section(Some("nonsense")).unwrap_err().to_string().contains(title));
    }
}
