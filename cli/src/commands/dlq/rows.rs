//! Dead letters as text: tables, and one with its snapshot.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use tasker_orchestrator::read::{DlqEntry, DlqStatistics, Staleness};
use tasker_protocol::Failure;

use crate::{
    output::{Output, Style, table},
    view::{cut, duration, since},
};

/// The maximum width of a note in a list.
const MAX_NOTE: usize = 60;

fn what(entry: &DlqEntry) -> String {
    let step = entry.step_index.map_or(String::new(), |step| format!(" step {step}"));
    format!("{}/{}{step}", entry.namespace, entry.name)
}

pub(super) fn list(entries: &[DlqEntry]) -> String {
    let row = |entry: &DlqEntry| {
        vec![
            entry.dlq_entry_id.to_string(),
            what(entry),
            entry.dlq_reason.clone(),
            entry.resolution_status.clone(),
            since(entry.created_at),
            cut(entry.note.as_deref().unwrap_or_default(), MAX_NOTE),
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    table(&["ENTRY", "TEMPLATE", "REASON", "RESOLUTION", "SINCE", "NOTE"], &rows)
}

pub(super) fn show(entry: &DlqEntry, output: &Output) -> String {
    let style = if entry.resolution_status == "pending" { Style::Bad } else { Style::Good };
    let mut lines = vec![format!(
        "{} {} {}",
        output.style(Style::Strong, &what(entry)),
        output.style(Style::Faint, &entry.dlq_entry_id.to_string()),
        output.style(style, &entry.resolution_status)
    )];
    let mut fact = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            lines.push(format!("  {} {value}", output.style(Style::Faint, &format!("{key:<9}"))));
        }
    };
    fact("task", Some(format!("{} was {}", entry.task_id, entry.task_state)));
    fact("reason", Some(entry.dlq_reason.clone()));
    fact("note", entry.note.clone());
    fact("created", Some(format!("{} by {}", since(entry.created_at), entry.actor)));
    let by = entry.resolved_by.as_deref().map_or(String::new(), |by| format!(" by {by}"));
    fact("resolved", entry.resolved_at.map(|at| format!("{}{by}", since(at))));
    fact("notes", entry.resolution_notes.clone());
    let snapshot = entry.snapshot.as_ref().and_then(|snapshot| serde_json::from_str(snapshot.get()).ok());
    let snapshot: Snapshot = snapshot.unwrap_or_default();
    fact("input", snapshot.task.context.map(|context| cut(context.get(), 200)));
    let row = |step: &SnapshotStep| {
        let words = |failure: &Failure| format!("{}: {}", failure.error_type, failure.message);
        let failure = step.last_failure.as_ref().map_or(String::new(), words);
        vec![format!("  {}", step.name), step.state.clone(), step.attempt.to_string(), cut(&failure, 100)]
    };
    let steps: Vec<_> = snapshot.steps.iter().map(row).collect();
    lines.push(table(&["  STEP", "STATE", "ATTEMPT", "FAILURE"], &steps));
    lines.join("\n")
}

/// What is shown of the snapshot of an entry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Snapshot {
    task: SnapshotTask,
    steps: Vec<SnapshotStep>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SnapshotTask {
    context: Option<Box<RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SnapshotStep {
    name: String,
    state: String,
    attempt: u32,
    last_failure: Option<Failure>,
}

/// A pending entry in the queue, without its snapshot.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    priority_score: f64,
    minutes_in_dlq: f64,
    #[serde(flatten)]
    entry: Map<String, Value>,
}

pub(super) fn queue(waiting: &[Waiting]) -> String {
    let row = |one: &Waiting| {
        let text = |key: &str| one.entry.get(key).and_then(Value::as_str).unwrap_or_default();
        vec![
            format!("{:.0}", one.priority_score),
            text("dlq_entry_id").to_owned(),
            format!("{}/{}", text("namespace"), text("name")),
            text("dlq_reason").to_owned(),
            text("task_state").to_owned(),
            minutes(one.minutes_in_dlq),
            cut(text("note"), MAX_NOTE),
        ]
    };
    let rows: Vec<_> = waiting.iter().map(row).collect();
    table(&["URGENCY", "ENTRY", "TEMPLATE", "REASON", "TASK WAS", "HERE FOR", "NOTE"], &rows)
}

pub(super) fn statistics(counted: &[DlqStatistics]) -> String {
    let row = |of: &DlqStatistics| {
        let counts = [of.total, of.pending, of.manually_resolved, of.permanently_failed, of.cancelled];
        let mut row = vec![of.dlq_reason.clone()];
        row.extend(counts.iter().map(ToString::to_string));
        row.push(of.oldest_pending.map_or(String::new(), since));
        row.push(of.average_resolution_minutes.map_or(String::new(), minutes));
        row
    };
    let header =
        ["REASON", "ALL", "PENDING", "RESOLVED", "FAILED", "CANCELLED", "OLDEST PENDING", "RESOLVED IN"];
    table(&header, &counted.iter().map(row).collect::<Vec<_>>())
}

pub(super) fn staleness(standing: &[Staleness]) -> String {
    let row = |task: &Staleness| {
        vec![
            task.task_id.to_string(),
            format!("{}/{}", task.namespace, task.name),
            task.status.clone(),
            task.health_status.clone(),
            minutes(task.minutes_in_state),
            task.threshold_minutes.map_or(String::new(), minutes),
            format!(
                "{}{}",
                minutes(task.minutes_since_creation),
                if task.is_overdue { ", overdue" } else { "" }
            ),
        ]
    };
    let rows: Vec<_> = standing.iter().map(row).collect();
    table(&["TASK", "TEMPLATE", "STATUS", "HEALTH", "IDLE FOR", "LIMIT", "AGE"], &rows)
}

/// Formats minutes as a duration.
fn minutes(minutes: f64) -> String {
    duration(chrono::TimeDelta::milliseconds((minutes * 60_000.0) as i64))
}
