//! Tools about the project: write a handler, run one in its sandbox, and match events against its triggers.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tasker_cloud_events::CloudEvent;
use tasker_mcp::{Arguments, Kind, optional, required};

use super::{
    local::Local,
    templates::{step_of, template_of},
};
use crate::{
    commands::{
        event::tried,
        handler::{Run, execute},
    },
    config::ProjectConfig,
    generate::skeleton,
};

pub(super) const TOOLS: &[Local] = &[
    Local {
        name: "handler_generate",
        title: "Begin a handler",
        description: "Writes the beginning of the handler of a step in Rust: the types of the template's input and results, and \
            a function to fill in. Saves nothing: write the text to a file of the project's package of handlers.",
        fields: &[
            optional("template", Kind::Text, "The text of a template file. Either this or `file`."),
            optional("file", Kind::Text, "A template file or a template of the project."),
            required("step", Kind::Text, "The step."),
        ],
        is_read_only: true,
        run: |project, arguments| Box::pin(async { generate(project, arguments) }),
    },
    Local {
        name: "handler_run",
        title: "Run a handler of the project",
        description: "Builds the project and runs one handler on one input, in its sandbox, without server and without grants: \
            the handler reaches no network, secret or bucket. The build is not in a sandbox: it runs the commands of the \
            project and may install packages. Returns the result or failure, log lines and what the handler used.",
        fields: &[
            required("handler", Kind::Text, "The handler's name."),
            optional("input", Kind::Any, "The task's input. Default: {}."),
            optional("config", Kind::Object, "The step's handler.initialization. Default: {}."),
            optional("dependencies", Kind::Object, "The results of dependencies, by step."),
            optional("cursor", Kind::Any, "Run it as a batch worker with this cursor."),
            optional("checkpoint", Kind::Any, "The checkpoint that an earlier run saved."),
            optional("attempt", Kind::Integer(1, 100), "The number of the attempt. Default: 1."),
        ],
        is_read_only: false,
        run: |project, arguments| Box::pin(run(project, arguments)),
    },
    Local {
        name: "event_test",
        title: "Match an event against the project's triggers",
        description: "Matches a CloudEvent against the triggers of the project, and says which field does not match, or which \
            task it would start with which input.",
        fields: &[required("event", Kind::Object, "The CloudEvent, as JSON.")],
        is_read_only: true,
        run: |project, arguments| Box::pin(async { event(project, arguments) }),
    },
];

fn generate(project: &ProjectConfig, arguments: &Arguments) -> Result<Value> {
    let template = template_of(project, arguments)?;
    let step = step_of(&template, arguments.text("step").unwrap_or_default())?;
    let source = skeleton(&template, step);
    Ok(
        json!({ "handler": step.handler.callable, "rust": source, "next": "Fill it in, then call handler_run." }),
    )
}

async fn run(project: &ProjectConfig, arguments: &Arguments) -> Result<Value> {
    let text = |name: &str| arguments.get(name).map(Value::to_string);
    let dependencies = arguments.get("dependencies").and_then(Value::as_object).into_iter().flatten();
    let run = Run {
        handler: arguments.text("handler").unwrap_or_default().to_owned(),
        input: text("input").unwrap_or_else(|| "{}".to_owned()),
        config: text("config").unwrap_or_else(|| "{}".to_owned()),
        dependencies: dependencies.map(|(step, result)| format!("{step}={result}")).collect(),
        cursor: text("cursor"),
        checkpoint: text("checkpoint"),
        attempt: arguments.integer("attempt").and_then(|attempt| u32::try_from(attempt).ok()).unwrap_or(1),
        ..Run::default()
    };
    let execution = execute(project, &run).await?;
    // What a handler says is data.
    Ok(json!({ "untrusted": execution }))
}

fn event(project: &ProjectConfig, arguments: &Arguments) -> Result<Value> {
    let event = arguments.get("event").context("`event` is missing")?;
    let event = CloudEvent::from_json(&event.to_string())?;
    let mut told = tried(project, vec![event])?;
    Ok(serde_json::from_str(told.remove(0).get())?)
}
