//! `tasker namespace`: the namespaces of templates, and how much happens in them.

use anyhow::Result;
use tasker_api::Page;
use tasker_orchestrator::read::Namespace;

use super::{
    ending::Ending,
    paging::{Paging, more},
};
use crate::{
    client::{Client, query, segment},
    config::ProjectConfig,
    output::{Output, table},
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the namespaces with published templates.
    List {
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a namespace.
    Show {
        /// Its name.
        name: String,
    },
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = Client::of(project)?;
    match command {
        Command::List { paging } => {
            let query = query([("limit", Some(paging.limit())), ("cursor", paging.cursor())]);
            let found: Page<Namespace> = client.get(&format!("/v1/namespaces?{query}")).await?;
            output.result(&found, || rows(&found.items) + &more(&found))?;
        }
        Command::Show { name } => {
            let found: Namespace = client.get(&format!("/v1/namespaces/{}", segment(&name))).await?;
            output.result(&found, || rows(std::slice::from_ref(&found)))?;
        }
    }
    Ok(Ending::Done)
}

fn rows(namespaces: &[Namespace]) -> String {
    let row = |namespace: &Namespace| {
        vec![
            namespace.name.clone(),
            namespace.template_count.to_string(),
            namespace.handler_count.to_string(),
            namespace.open_tasks.to_string(),
            namespace.created_24h.to_string(),
        ]
    };
    let head = ["NAMESPACE", "TEMPLATES", "HANDLERS", "OPEN TASKS", "CREATED IN 24 H"];
    table(&head, &namespaces.iter().map(row).collect::<Vec<_>>())
}
