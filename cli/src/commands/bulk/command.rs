//! `tasker bulk`: lists, shows and stops bulk operations, and lists their failures.

use anyhow::Result;
use tasker_api::Page;
use tasker_orchestrator::bulk::{BulkFailure, BulkOperation};
use uuid::Uuid;

use super::words;
use crate::{
    client::{Client, query},
    commands::{
        ending::Ending,
        paging::{Paging, more},
    },
    config::ProjectConfig,
    output::{Output, table},
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the operations, newest first.
    List {
        #[command(flatten)]
        paging: Paging,
    },
    /// Show an operation.
    Show {
        /// The operation.
        bulk_id: Uuid,
    },
    /// Stop an operation. What was done stands.
    Stop {
        /// The operation.
        bulk_id: Uuid,
    },
    /// List the tasks that the action could not be applied to.
    Failures {
        /// The operation.
        bulk_id: Uuid,
        #[command(flatten)]
        paging: Paging,
    },
}

/// The query of a page.
fn page(paging: Paging) -> String {
    query([("limit", Some(paging.limit())), ("cursor", paging.cursor())])
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = &Client::of(project)?;
    match command {
        Command::List { paging } => {
            let found: Page<BulkOperation> = client.get(&format!("/v1/bulk?{}", page(paging))).await?;
            output.result(&found, || {
                let rows: Vec<_> = found.items.iter().map(words::row).collect();
                table(&words::HEAD, &rows) + &more(&found)
            })?;
        }
        Command::Show { bulk_id } => {
            let shown: BulkOperation = client.get(&format!("/v1/bulk/{bulk_id}")).await?;
            output.result(&shown, || words::whole(&shown))?;
        }
        Command::Stop { bulk_id } => {
            let stopped: BulkOperation = client.delete(&format!("/v1/bulk/{bulk_id}")).await?;
            output.result(&stopped, || words::progress(&stopped))?;
        }
        Command::Failures { bulk_id, paging } => {
            let path = format!("/v1/bulk/{bulk_id}/failures?{}", page(paging));
            let found: Page<BulkFailure> = client.get(&path).await?;
            output.result(&found, || {
                let row = |failure: &BulkFailure| {
                    vec![failure.task_id.to_string(), failure.code.clone(), failure.message.clone()]
                };
                let rows: Vec<_> = found.items.iter().map(row).collect();
                table(&["TASK", "CODE", "WHY"], &rows) + &more(&found)
            })?;
        }
    }
    Ok(Ending::Done)
}
