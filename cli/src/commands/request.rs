//! Requests to create tasks: the template, the inputs, and the API's response.

use std::{io::Read, path::Path};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tasker_api::{CreatedTask, ErrorDetail};
use tasker_orchestrator::TaskRequest;
use uuid::Uuid;

use crate::client::{Client, told};

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

impl Request {
    /// Returns the inputs, each checked to be JSON.
    pub(crate) fn inputs(&self) -> Result<Vec<String>> {
        let (name, text) = read_input(&self.input)?;
        if Path::new(&name).extension().is_some_and(|extension| extension == "jsonl") {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            return lines
                .map(|(index, line)| {
                    check_json(line).with_context(|| format!("{name}, line {}, is not JSON", index + 1))?;
                    Ok(line.to_owned())
                })
                .collect();
        }
        check_json(&text).with_context(|| format!("{name} is not JSON"))?;
        Ok(vec![text])
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
pub(crate) async fn create(client: &Client, body: &TaskRequest) -> Result<Result<Uuid, ErrorDetail>> {
    match client.post::<CreatedTask>("/v1/tasks", body).await? {
        Ok(created) => Ok(Ok(created.task_id)),
        Err(error) if ["invalid_input", "duplicate_task"].contains(&error.error.code.as_str()) => {
            Ok(Err(error.error))
        }
        Err(error) => Err(told(error)),
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
