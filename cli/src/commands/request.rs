//! Requests to create tasks: the template, the inputs, and the API's response.

use std::{io::Read, path::Path};

use anyhow::{Context, Result, bail};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tasker_api::CreatedTask;
use tasker_client::types::Problem;
use tasker_orchestrator::TaskRequest;
use uuid::Uuid;

use crate::{
    client::{Client, told},
    output::{Output, Style},
    view::cut,
};

/// The codes of errors that concern one input only.
const REFUSALS: [&str; 4] = ["invalid_input", "invalid_request", "duplicate_task", "idempotency_key_reused"];
/// The maximum width of an input beside its error.
const MAX_INPUT: usize = 100;

#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// The template: `NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME@VERSION`.
    template: String,
    /// The input: JSON, a .json file, a .jsonl file with one input on each line, or - for standard input.
    #[arg(long, short, default_value = "{}")]
    input: String,
    /// From -100 (last) to 100 (first): the order of steps that become ready together.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    priority: i16,
    /// Requests with the same key create one task.
    #[arg(long)]
    idempotency_key: Option<String>,
    /// The reason.
    #[arg(long)]
    reason: Option<String>,
}

/// An input of a request.
pub(crate) struct Input {
    /// Its line in a .jsonl file, from 1.
    pub(crate) line: Option<usize>,
    pub(crate) text: String,
}

/// An input that the API refused.
#[derive(Debug, Serialize)]
pub(crate) struct RefusedInput {
    /// Its line in a .jsonl file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip)]
    input: String,
    problem: Problem,
}

impl RefusedInput {
    pub(crate) fn new(input: Input, problem: Problem) -> Self {
        Self { line: input.line, input: input.text, problem }
    }

    /// Formats the refusal for people.
    pub(crate) fn words(&self, output: &Output) -> String {
        let line = self.line.map_or(String::new(), |line| format!("line {line}, "));
        let title = output.style(Style::Bad, "refused");
        format!("{title} {line}{}\n{}", cut(&self.input, MAX_INPUT), self.problem.detail)
    }
}

impl Request {
    /// Returns the inputs, each checked to be JSON.
    pub(crate) fn inputs(&self) -> Result<Vec<Input>> {
        let (name, text) = read_input(&self.input)?;
        if Path::new(&name).extension().is_some_and(|extension| extension == "jsonl") {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            let inputs: Vec<Input> = lines
                .map(|(index, line)| {
                    check_json(line).with_context(|| format!("{name}, line {}, is not JSON", index + 1))?;
                    Ok(Input { line: Some(index + 1), text: line.trim().to_owned() })
                })
                .collect::<Result<_>>()?;
            if inputs.len() > 1 && self.idempotency_key.is_some() {
                bail!("one --idempotency-key creates one task, but {name} has {} inputs", inputs.len());
            }
            return Ok(inputs);
        }
        check_json(&text).with_context(|| format!("{name} is not JSON"))?;
        Ok(vec![Input { line: None, text: text.trim().to_owned() }])
    }

    /// Creates a task for each input. `answered` gets the result of each; an error ends the creation.
    pub(crate) async fn create_each(
        &self,
        client: &Client,
        mut answered: impl FnMut(Input, Result<Uuid, Problem>) -> Result<()>,
    ) -> Result<()> {
        let inputs = self.inputs()?;
        let all = inputs.len();
        let mut created = Vec::new();
        for (index, input) in inputs.into_iter().enumerate() {
            let made = create(client, &self.body(input.text.clone())?).await;
            let made = if created.is_empty() {
                made?
            } else {
                made.with_context(|| {
                    let ids = created.iter().map(Uuid::to_string).collect::<Vec<_>>().join(", ");
                    format!("task {} of {all} was not created, after {ids}", index + 1)
                })?
            };
            created.extend(made.as_ref().ok());
            answered(input, made)?;
        }
        Ok(())
    }

    pub(crate) fn body(&self, input: String) -> Result<TaskRequest> {
        let (namespace, name, version) = template_name(&self.template);
        let mut request = TaskRequest::new(name, RawValue::from_string(input)?);
        namespace.unwrap_or("default").clone_into(&mut request.namespace);
        request.version = version.map(str::to_owned);
        request.priority = self.priority;
        request.idempotency_key.clone_from(&self.idempotency_key);
        request.reason.clone_from(&self.reason);
        request.initiator = std::env::var("USER").ok();
        request.source_system = Some("cli".to_owned());
        Ok(request)
    }
}

/// Splits `NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME@VERSION` into its parts.
pub(crate) fn template_name(text: &str) -> (Option<&str>, &str, Option<&str>) {
    let (path, version) = match text.split_once('@') {
        Some((path, version)) => (path, Some(version)),
        None => (text, None),
    };
    match path.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name, version),
        None => (None, path, version),
    }
}

/// Creates a task. The inner error is the API's response to an invalid request.
async fn create(client: &Client, body: &TaskRequest) -> Result<Result<Uuid, Problem>> {
    match client.post::<CreatedTask>("/v1/tasks", body).await? {
        Ok(created) => Ok(Ok(created.task_id)),
        Err(problem) if REFUSALS.contains(&problem.code.as_str()) => Ok(Err(problem)),
        Err(problem) => Err(told(problem)),
    }
}

/// Returns the text of an input, and its name for errors.
pub(crate) fn read_input(input: &str) -> Result<(String, String)> {
    if input == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(("standard input".to_owned(), text));
    }
    if Path::new(input).is_file() {
        let text = std::fs::read_to_string(input).with_context(|| format!("reading {input}"))?;
        return Ok((input.to_owned(), text));
    }
    if !input.trim_start().starts_with(['{', '[', '"']) && check_json(input).is_err() {
        bail!("{input} is neither a file nor JSON");
    }
    Ok(("the input".to_owned(), input.to_owned()))
}

/// Parses a JSON argument: the JSON itself, a file, or - for standard input.
pub(crate) fn read_json<T: DeserializeOwned>(argument: &str, input: &str) -> Result<T> {
    let (name, text) = read_input(input)?;
    let name = if name == "the input" { argument } else { &name };
    serde_json::from_str(&text).with_context(|| format!("{name} is not usable"))
}

fn check_json(text: &str) -> Result<()> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)?;
    Ok(())
}
