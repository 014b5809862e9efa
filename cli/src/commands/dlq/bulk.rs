//! `tasker dlq bulk`: resolves many dead letters.

use anyhow::{Result, bail};
use tasker_api::{DlqBulkUpdate, DlqBulkUpdated, DlqUpdate};
use tasker_orchestrator::read::DlqEntry;
use uuid::Uuid;

use super::{filters::DlqFilters, resolution::Word};
use crate::{
    client::{Client, told},
    commands::{confirm::is_confirmed, ending::Ending, operate::Actor},
    output::{Output, printable},
};

/// The maximum number of entries in a request.
const AT_ONCE: usize = 1000;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The entries. Or name pending ones by filters.
    entries: Vec<Uuid>,
    #[command(flatten)]
    filters: DlqFilters,
    /// All pending entries: needed if nothing else names them.
    #[arg(long, conflicts_with = "entries")]
    all: bool,
    /// The resolution.
    #[arg(long = "as", value_enum, value_name = "RESOLUTION")]
    resolution: Word,
    /// The reason.
    #[arg(long, value_name = "WHY")]
    reason: String,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    actor: Actor,
}

pub(super) async fn run(client: &Client, arguments: Arguments, output: &Output) -> Result<Ending> {
    let Arguments { entries, filters, all, resolution, reason, yes, actor } = arguments;
    let entries = match (entries.is_empty(), filters.is_empty(), all) {
        (false, true, _) => entries,
        (false, false, _) => bail!("entries and filters exclude each other"),
        (true, true, false) => {
            bail!("say which: with entries, with filters such as --namespace, or with --all")
        }
        (true, ..) => {
            let found: Vec<DlqEntry> =
                client.all(&format!("/v1/dlq?{}", filters.query(Some("pending".to_owned()), None))).await?;
            found.into_iter().map(|entry| entry.dlq_entry_id).collect()
        }
    };
    if entries.is_empty() {
        output.result(&DlqBulkUpdated { items: Vec::new() }, || "no pending entry matches".to_owned())?;
        return Ok(Ending::Done);
    }
    if !yes && !is_confirmed(resolution.verb(), entries.len(), "entries")? {
        bail!("nothing was changed");
    }
    let update = DlqUpdate {
        resolution_status: resolution.into(),
        resolved_by: Some(actor.name()),
        resolution_notes: Some(reason),
    };
    let mut items = Vec::new();
    for some in entries.chunks(AT_ONCE) {
        let request = DlqBulkUpdate { dlq_entry_ids: some.to_vec(), update: update.clone() };
        let updated: DlqBulkUpdated = client.post("/v1/dlq/bulk", &request).await?.map_err(told)?;
        items.extend(updated.items);
    }
    let failed = items.iter().filter(|item| item.problem.is_some()).count();
    output.result(&DlqBulkUpdated { items: items.clone() }, || {
        let line = |item: &tasker_api::DlqUpdated| {
            let problem = item.problem.as_ref()?;
            Some(printable(&format!("  {}  {}: {}", item.dlq_entry_id, problem.code, problem.detail)))
        };
        let mut lines: Vec<String> = items.iter().filter_map(line).collect();
        lines.push(format!("{} of {} entries were updated", items.len() - failed, items.len()));
        lines.join("\n")
    })?;
    Ok(if failed == 0 { Ending::Done } else { Ending::TaskDidNotComplete })
}
