//! `tasker audit`: who changed what through the API, and who was refused.

use anyhow::Result;
use tasker_api::Page;
use tasker_orchestrator::access::Access;

use super::{
    ending::Ending,
    paging::{Paging, more},
};
use crate::{
    client::{Client, query},
    config::ProjectConfig,
    output::{Output, table},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only requests of principals with this name.
    #[arg(long)]
    principal: Option<String>,
    /// Only requests that need this permission, such as `tasks:operate`.
    #[arg(long)]
    permission: Option<String>,
    /// Only requests that ended so: ok, denied, failed.
    #[arg(long)]
    outcome: Option<String>,
    /// Only requests at this time or later: RFC 3339, or how long ago (15m, 2h, 7d).
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// Only requests before this time.
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

pub(crate) async fn run(project: &ProjectConfig, arguments: Arguments, output: &Output) -> Result<Ending> {
    let Arguments { principal, permission, outcome, after, before, paging } = arguments;
    let query = query([
        ("limit", Some(paging.limit())),
        ("cursor", paging.cursor()),
        ("principal", principal),
        ("permission", permission),
        ("outcome", outcome),
        ("after", after),
        ("before", before),
    ]);
    let found: Page<Access> = Client::of(project)?.get(&format!("/v1/audit?{query}")).await?;
    output.result(&found, || {
        let rows: Vec<_> = found.items.iter().map(row).collect();
        let head = ["TIME (UTC)", "WHO", "WHAT", "ENDED", "FROM", "REASON"];
        table(&head, &rows) + &more(&found)
    })?;
    Ok(Ending::Done)
}

fn row(access: &Access) -> Vec<String> {
    let request = &access.request;
    let who = match &request.principal {
        None => "nobody known".to_owned(),
        Some(principal) => {
            let on_behalf = request.on_behalf_of.as_ref().map(|whom| format!(" for {whom}"));
            format!("{}:{}{}", principal.kind.as_str(), principal.name, on_behalf.unwrap_or_default())
        }
    };
    vec![
        access.at.format("%Y-%m-%d %H:%M:%S").to_string(),
        who,
        format!("{} {}", request.method, request.path),
        request.status.to_string(),
        request.address.map(|address| address.to_string()).unwrap_or_default(),
        request.reason.clone().unwrap_or_default(),
    ]
}
