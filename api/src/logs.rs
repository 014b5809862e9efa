//! The logs of handlers.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tasker_orchestrator::{
    Error, Orchestrator, Slice,
    read::{LogEntry, LogFilter},
};
use tasker_protocol::LogLevel;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::Within,
    extract::Path,
    moment::Moment,
    page::{List, Page, PageParameters},
    problem::{ApiError, Code, Problem},
};

/// How many lines are read at once for a response of all lines.
const AT_ONCE: u32 = 1000;

/// The form of a response with log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// A page of them.
    #[default]
    Json,
    /// All of them, a JSON object each line.
    Ndjson,
    /// All of them, for people.
    Text,
}

/// Filters of log lines.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// Of a task: only those of this step, by name or number.
    step: Option<String>,
    /// Only those of this attempt.
    attempt: Option<u32>,
    /// Only those of this severity and above: `trace`, `debug`, `info`, `warn`, `error`, `critical`.
    #[param(value_type = Option<String>)]
    level: Option<LogLevel>,
    /// Only those whose message contains this text, in any case.
    q: Option<String>,
    /// Only those written at this time or later: RFC 3339, or how long ago (`15m`, `2h`, `7d`).
    #[param(value_type = Option<String>)]
    after: Option<Moment>,
    /// Only those written before this time.
    #[param(value_type = Option<String>)]
    before: Option<Moment>,
    /// `json`, the default: a page. `ndjson` or `text`: all lines.
    #[param(inline)]
    format: Option<Format>,
}

/// Lists the log lines of a task's ended runs: those of a run together, the runs in the order of their ends.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/logs", tag = "tasks", operation_id = "list_task_logs",
    params(("task_id" = Uuid, Path), Filters, PageParameters), responses((status = 200, content(
    (Page<LogEntry> = "application/json"), (String = "application/x-ndjson"), (String = "text/plain"))),
    (status = 404, body = Problem)))]
pub(crate) async fn of_task(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(task): Path<Uuid>,
    list: List<Filters>,
) -> Result<Response, ApiError> {
    within.check_task(&orchestrator, task).await?;
    let step = match &list.filters.step {
        Some(step) => Some(orchestrator.reader.step_index(task, step).await?),
        None => {
            // A task without log lines may not exist.
            orchestrator.reader.task_state(task).await?;
            None
        }
    };
    respond(orchestrator, task, step, list).await
}

/// Lists the log lines of a step's ended runs.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/workflow_steps/{step}/logs", tag = "steps", operation_id = "list_step_logs",
    params(("task_id" = Uuid, Path), ("step" = String, Path), Filters, PageParameters), responses((status = 200, content(
    (Page<LogEntry> = "application/json"), (String = "application/x-ndjson"), (String = "text/plain"))),
    (status = 404, body = Problem)))]
pub(crate) async fn of_step(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((task, step)): Path<(Uuid, String)>,
    list: List<Filters>,
) -> Result<Response, ApiError> {
    if list.filters.step.is_some() {
        let message = "`step` is in the path already";
        return Err(ApiError::new(Code::InvalidRequest, message.to_owned()));
    }
    within.check_task(&orchestrator, task).await?;
    let step = orchestrator.reader.step_index(task, &step).await?;
    respond(orchestrator, task, Some(step), list).await
}

async fn respond(
    orchestrator: Orchestrator,
    task: Uuid,
    step: Option<u32>,
    list: List<Filters>,
) -> Result<Response, ApiError> {
    let Filters { attempt, level, q, after, before, format, .. } = &list.filters;
    let filter = LogFilter {
        step,
        attempt: *attempt,
        level: *level,
        text: q.clone(),
        after: after.map(|moment| moment.0),
        before: before.map(|moment| moment.0),
    };
    let format = format.unwrap_or_default();
    let (content_type, line): (_, fn(&LogEntry) -> String) = match format {
        Format::Json => {
            let lines = orchestrator.reader.logs(task, &filter, list.slice()?).await?;
            return Ok(list.page(lines, LogEntry::key).into_response());
        }
        Format::Ndjson => ("application/x-ndjson", |line| json!(line).to_string()),
        Format::Text => ("text/plain; charset=utf-8", text),
    };
    let (sender, receiver) = mpsc::channel(1);
    let first = orchestrator.reader.logs(task, &filter, Slice::first(AT_ONCE)).await?;
    tokio::spawn(async move {
        let mut lines = first;
        loop {
            let bytes: String = lines.iter().map(|entry| line(entry) + "\n").collect();
            let last = lines.last().filter(|_| lines.len() == AT_ONCE as usize).map(LogEntry::key);
            if sender.send(Ok(Bytes::from(bytes))).await.is_err() {
                return;
            }
            let Some(after) = last else { return };
            match orchestrator.reader.logs(task, &filter, Slice { limit: AT_ONCE, after: Some(after) }).await
            {
                Ok(more) => lines = more,
                // The response breaks off, so that nobody takes it for the whole.
                Err(error) => return drop(sender.send(Err::<Bytes, Error>(error)).await),
            }
        }
    });
    let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(response)
}

/// A line for people.
fn text(entry: &LogEntry) -> String {
    let LogEntry { at, level, step, attempt, target, message, .. } = entry;
    let level = json!(level);
    let level = level.as_str().unwrap_or_default().to_uppercase();
    format!(
        "{} {level:<8} {step} (attempt {attempt}) {target}: {message}",
        at.format("%Y-%m-%dT%H:%M:%S%.3fZ")
    )
}
