//! Looking into tasks: counts, graph, timeline, logs, documents.

use anyhow::Result;
use serde_json::{json, value::RawValue};
use tasker_api::Page;
use tasker_orchestrator::read::{DrawnGraph, LogEntry, TaskContext, TaskCount, TimelineEntry, Transition};
use uuid::Uuid;

use super::{
    ending::Ending,
    paging::{Paging, more},
};
use crate::{
    client::{Client, query},
    graph::{Format, draw},
    json::indented,
    output::{Output, Style, table},
    view::{cut, duration},
};

/// The maximum width of a log line's target.
const MAX_TARGET: usize = 24;

/// Which log lines to print.
#[derive(Debug, clap::Args)]
pub(crate) struct LogFilters {
    /// Only those of this step, by name or number.
    #[arg(long)]
    step: Option<String>,
    /// Only those of this attempt.
    #[arg(long)]
    attempt: Option<u32>,
    /// Only those of this severity and above: trace, debug, info, warn, error, critical.
    #[arg(long)]
    level: Option<String>,
    /// Only those whose message contains this text, in any case.
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// Only those written at this time or later: RFC 3339, or how long ago (15m, 2h, 7d).
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// Only those written before this time.
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
}

pub(super) async fn count(
    client: &Client,
    filters: &str,
    by: Option<String>,
    output: &Output,
) -> Result<Ending> {
    let by = query([("by", by)]);
    let counted: TaskCount = client.get(&format!("/v1/tasks/count?{filters}&{by}")).await?;
    output.result(&counted, || {
        let more = if counted.capped { "more than " } else { "" };
        let rows: Vec<_> =
            counted.groups.iter().map(|group| vec![group.count.to_string(), group.key.clone()]).collect();
        let groups = if rows.is_empty() { String::new() } else { table(&["TASKS", "OF"], &rows) + "\n" };
        format!("{groups}{more}{} tasks", counted.count)
    })?;
    Ok(Ending::Done)
}

pub(super) async fn graph(client: &Client, task: Uuid, format: Format, output: &Output) -> Result<Ending> {
    let graph: DrawnGraph = client.get(&format!("/v1/tasks/{task}/graph")).await?;
    output.result(&graph, || draw(&graph, format))?;
    Ok(Ending::Done)
}

pub(super) async fn timeline(client: &Client, task: Uuid, paging: Paging, output: &Output) -> Result<Ending> {
    let query = query([("limit", Some(paging.limit())), ("cursor", paging.cursor())]);
    let found: Page<TimelineEntry> = client.get(&format!("/v1/tasks/{task}/timeline?{query}")).await?;
    output.result(&found, || {
        let rows: Vec<_> = found.items.iter().map(row).collect();
        let head = ["STEP", "ATTEMPT", "STATE", "WAITED", "RAN", "ENDED (UTC)", "HOST", "FAILURE"];
        table(&head, &rows) + &more(&found)
    })?;
    Ok(Ending::Done)
}

fn row(run: &TimelineEntry) -> Vec<String> {
    let between = |from: Option<_>, to: Option<_>| match (from, to) {
        (Some(from), Some(to)) => duration(to - from),
        _ => String::new(),
    };
    let clock = |at: chrono::DateTime<chrono::Utc>| at.format("%H:%M:%S%.3f").to_string();
    let ended = match (run.finished_at, run.next_retry_at) {
        (Some(at), _) => clock(at),
        (None, Some(at)) => format!("next at {}", clock(at)),
        (None, None) => String::new(),
    };
    vec![
        run.step.clone(),
        run.attempt.to_string(),
        run.state.to_string(),
        between(run.enqueued_at, run.started_at),
        between(run.started_at, run.finished_at),
        ended,
        run.host.clone().unwrap_or_default(),
        run.error_type.clone().unwrap_or_default(),
    ]
}

pub(super) async fn logs(
    client: &Client,
    task: Uuid,
    filters: LogFilters,
    output: &Output,
) -> Result<Ending> {
    let LogFilters { step, attempt, level, grep, after, before } = filters;
    let query = query([
        ("step", step),
        ("attempt", attempt.map(|attempt| attempt.to_string())),
        ("level", level),
        ("q", grep),
        ("after", after),
        ("before", before),
    ]);
    let lines: Vec<LogEntry> = client.all(&format!("/v1/tasks/{task}/logs?{query}")).await?;
    output.result(&lines, || {
        let line = |entry: &LogEntry| {
            let level = json!(entry.level);
            let place = format!(
                "{} {:<8} {} (attempt {}) {}",
                entry.at.format("%H:%M:%S%.3f"),
                level.as_str().unwrap_or_default(),
                entry.step,
                entry.attempt,
                cut(&entry.target, MAX_TARGET)
            );
            format!("{}  {}", output.style(Style::Faint, &place), entry.message)
        };
        if lines.is_empty() {
            return "no log lines; those of a run are stored when it ends".to_owned();
        }
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ending::Done)
}

/// Lists the changes of a task and its steps.
pub(super) async fn history(client: &Client, task: Uuid, paging: Paging, output: &Output) -> Result<Ending> {
    let query = query([("limit", Some(paging.limit())), ("cursor", paging.cursor())]);
    let found: Page<Transition> = client.get(&format!("/v1/tasks/{task}/audit?{query}")).await?;
    output.result(&found, || {
        let row = |change: &Transition| {
            vec![
                change.at.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
                change.step.clone().unwrap_or_default(),
                format!("{} → {}", change.from_state, change.to_state),
                change.event.clone(),
                change.actor.clone(),
                change.reason.clone().unwrap_or_default(),
            ]
        };
        let rows: Vec<_> = found.items.iter().map(row).collect();
        table(&["AT (UTC)", "STEP", "CHANGE", "EVENT", "BY", "REASON"], &rows) + &more(&found)
    })?;
    Ok(Ending::Done)
}

/// Prints a document as it is stored.
pub(super) async fn document(client: &Client, path: &str, output: &Output) -> Result<Ending> {
    let document: Box<RawValue> = client.get(path).await?;
    output.result(&document, || indented(document.get()))?;
    Ok(Ending::Done)
}

pub(super) async fn context(client: &Client, task: Uuid, output: &Output) -> Result<Ending> {
    let context: TaskContext = client.get(&format!("/v1/tasks/{task}/context")).await?;
    output.result(&context, || {
        let results = context.results.iter().map(|(step, result)| (step.as_str(), &**result));
        let documents = std::iter::once(("input", &*context.input)).chain(results);
        let part = |(name, document): (&str, &serde_json::value::RawValue)| {
            format!("{}\n{}", output.style(Style::Strong, name), indented(document.get()))
        };
        documents.map(part).collect::<Vec<_>>().join("\n\n")
    })?;
    Ok(Ending::Done)
}
