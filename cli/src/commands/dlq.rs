//! `tasker dlq`: lists and resolves dead letters, and lists stale tasks.

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use tasker_api::{DlqAddition, DlqUpdate, Page};
use tasker_orchestrator::{
    Resolution,
    read::{DlqEntry, DlqStatistics, Staleness},
};
use tasker_protocol::Failure;
use uuid::Uuid;

use super::{
    ending::Ending,
    operate::Actor,
    paging::{Paging, more},
};
use crate::{
    client::{Client, query, told},
    config::ProjectConfig,
    output::{Output, Style, table},
    view::{cut, duration, since},
};

/// The maximum width of a note in a list.
const MAX_NOTE: usize = 60;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List entries, newest first.
    List {
        /// Only entries with this resolution: pending, manually_resolved, permanently_failed, cancelled.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show an entry, or all entries of a task, with their snapshots.
    Show {
        /// The entry or the task.
        id: Uuid,
    },
    /// Add a task to the DLQ.
    Add {
        /// The task.
        task_id: Uuid,
        #[command(flatten)]
        actor: Actor,
        /// The reason.
        #[arg(long, value_name = "WHY")]
        reason: Option<String>,
    },
    /// Set the resolution of an entry.
    Resolve {
        #[command(flatten)]
        operation: Operation,
        /// The resolution.
        #[arg(long = "as", value_enum, value_name = "RESOLUTION", default_value = "manually-resolved")]
        resolution: Word,
    },
    /// Retry the failed steps of an entry's task, and send its enqueued steps again. This resolves the entry.
    Requeue(Operation),
    /// List pending entries, most urgent first.
    Queue(Limit),
    /// Count entries by reason.
    Stats,
    /// List tasks that have not ended, by the time since their last event.
    Staleness(Limit),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Limit {
    /// The number of rows, at most 200.
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Operation {
    /// The entry, or the task with a pending entry.
    id: Uuid,
    #[command(flatten)]
    actor: Actor,
    /// The reason.
    #[arg(long, value_name = "WHY")]
    reason: Option<String>,
}

/// A resolution of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Word {
    /// Still open.
    Pending,
    /// Fixed.
    ManuallyResolved,
    /// Given up.
    PermanentlyFailed,
    /// No longer relevant.
    Cancelled,
}

impl From<Word> for Resolution {
    fn from(word: Word) -> Self {
        match word {
            Word::Pending => Self::Pending,
            Word::ManuallyResolved => Self::ManuallyResolved,
            Word::PermanentlyFailed => Self::PermanentlyFailed,
            Word::Cancelled => Self::Cancelled,
        }
    }
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = &Client::of(project)?;
    match command {
        Command::List { status, paging } => {
            let query = query([
                ("resolution_status", status),
                ("limit", Some(paging.limit())),
                ("cursor", paging.cursor()),
            ]);
            let entries: Page<DlqEntry> = client.get(&format!("/v1/dlq?{query}")).await?;
            output.result(&entries, || list(&entries.items) + &more(&entries))?;
        }
        Command::Show { id } => {
            let entries = find(client, id).await?;
            output.result(&entries, || {
                let shown: Vec<String> = entries.iter().map(|entry| show(entry, output)).collect();
                shown.join("\n\n")
            })?;
        }
        Command::Add { task_id, actor, reason } => {
            let addition = DlqAddition { actor: Some(actor.name()), note: reason };
            let added: DlqEntry =
                client.post(&format!("/v1/dlq/task/{task_id}"), &addition).await?.map_err(told)?;
            output.result(&added, || format!("task {task_id} has the DLQ entry {}", added.dlq_entry_id))?;
        }
        Command::Resolve { operation, resolution } => {
            operation.run(resolution.into(), client, output).await?;
        }
        Command::Requeue(operation) => operation.run(Resolution::Requeue, client, output).await?,
        Command::Queue(Limit { limit }) => {
            let waiting: Page<Waiting> =
                client.get(&format!("/v1/dlq/investigation-queue?limit={limit}")).await?;
            output.result(&waiting.items, || queue(&waiting.items))?;
        }
        Command::Stats => {
            let counted: Vec<DlqStatistics> = client.all("/v1/dlq/stats").await?;
            output.result(&counted, || statistics(&counted))?;
        }
        Command::Staleness(Limit { limit }) => {
            let standing: Page<Staleness> = client.get(&format!("/v1/dlq/staleness?limit={limit}")).await?;
            output.result(&standing.items, || staleness(&standing.items))?;
        }
    }
    Ok(Ending::Done)
}

/// Returns the entry with this id, or all entries of the task with this id.
async fn find(client: &Client, id: Uuid) -> Result<Vec<DlqEntry>> {
    match client.look_for::<DlqEntry>(&format!("/v1/dlq/entry/{id}")).await? {
        Ok(entry) => Ok(vec![entry]),
        Err(answer) if answer.code.as_str() == "no_such_dlq_entry" => {
            let of_task: Vec<DlqEntry> = client.all(&format!("/v1/dlq/task/{id}")).await?;
            if of_task.is_empty() {
                bail!("there is no DLQ entry {id}, and no entry of a task with that id");
            }
            Ok(of_task)
        }
        Err(answer) => Err(told(answer)),
    }
}

impl Operation {
    async fn run(self, resolution: Resolution, client: &Client, output: &Output) -> Result<()> {
        let entry = one(&find(client, self.id).await?, self.id)?;
        let update = DlqUpdate {
            resolution_status: resolution,
            resolved_by: Some(self.actor.name()),
            resolution_notes: self.reason,
        };
        let entry: DlqEntry = client.patch(&format!("/v1/dlq/entry/{entry}"), &update).await?;
        output.result(&entry, || match resolution {
            Resolution::Requeue => {
                format!("task {} is retried; its entry is {}", entry.task_id, entry.resolution_status)
            }
            _ => format!("entry {} is {}", entry.dlq_entry_id, entry.resolution_status),
        })
    }
}

/// Returns the id of the entry to change: the one entry, or the only pending entry of a task.
fn one(entries: &[DlqEntry], id: Uuid) -> Result<Uuid> {
    if let [only] = entries {
        return Ok(only.dlq_entry_id);
    }
    let pending: Vec<&DlqEntry> =
        entries.iter().filter(|entry| entry.resolution_status == "pending").collect();
    match &pending[..] {
        [only] => Ok(only.dlq_entry_id),
        [] => entries.first().map(|latest| latest.dlq_entry_id).context("there is no entry"),
        several => {
            let ids: Vec<String> = several.iter().map(|entry| entry.dlq_entry_id.to_string()).collect();
            bail!("task {id} has {} pending entries; name one of them: {}", ids.len(), ids.join(", "))
        }
    }
}

fn what(entry: &DlqEntry) -> String {
    let step = entry.step_index.map_or(String::new(), |step| format!(" step {step}"));
    format!("{}/{}{step}", entry.namespace, entry.name)
}

fn list(entries: &[DlqEntry]) -> String {
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

fn show(entry: &DlqEntry, output: &Output) -> String {
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
struct Waiting {
    priority_score: f64,
    minutes_in_dlq: f64,
    #[serde(flatten)]
    entry: Map<String, Value>,
}

fn queue(waiting: &[Waiting]) -> String {
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

fn statistics(counted: &[DlqStatistics]) -> String {
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

fn staleness(standing: &[Staleness]) -> String {
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
