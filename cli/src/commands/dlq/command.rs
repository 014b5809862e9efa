//! `tasker dlq`: its subcommands and their options.

use anyhow::{Context, Result, bail};
use tasker_api::{DlqAddition, DlqUpdate, Page};
use tasker_orchestrator::{
    Resolution,
    read::{DlqEntry, DlqStatistics, Staleness},
};
use uuid::Uuid;

use super::{
    bulk,
    filters::DlqFilters,
    resolution::Word,
    rows::{Waiting, list, queue, show, staleness, statistics},
};
use crate::{
    client::{Client, told},
    commands::{
        ending::Ending,
        operate::Actor,
        paging::{Paging, more},
    },
    config::ProjectConfig,
    output::Output,
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List entries, newest first.
    List {
        /// Only entries with this resolution: pending, manually_resolved, permanently_failed, cancelled.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        filters: DlqFilters,
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
    /// Set the resolution of many entries: those that are named, or the pending ones that match. Asks first.
    Bulk(bulk::Arguments),
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

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = &Client::of(project)?;
    match command {
        Command::List { status, filters, paging } => {
            let query = filters.query(status, Some(paging));
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
        Command::Bulk(arguments) => return bulk::run(client, arguments, output).await,
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
