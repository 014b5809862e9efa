//! `tasker event received`: lists received events and their results, or shows one.

use anyhow::Result;
use tasker_api::Page;
use tasker_orchestrator::triggers::ReceivedEvent;
use uuid::Uuid;

use crate::{
    client::{Client, query},
    commands::{
        ending::Ending,
        paging::{Paging, more},
    },
    json::pretty,
    output::{Output, table},
    view::cut,
};

/// The maximum width of a reason in the list.
const MAX_REASON: usize = 80;

/// A filter and page of received events.
#[derive(Debug, clap::Args)]
pub(crate) struct Received {
    /// Only dead letters: events that no trigger matched, or whose matching trigger failed.
    #[arg(long, conflicts_with = "state")]
    failed: bool,
    /// Only events with this result.
    #[arg(long, value_parser = ["started", "unmatched", "failed"])]
    state: Option<String>,
    #[command(flatten)]
    paging: Paging,
    /// Show this event, with its content.
    #[arg(conflicts_with_all = ["failed", "state"])]
    id: Option<Uuid>,
}

/// Lists received events, or shows one.
pub(super) async fn received(client: &Client, arguments: Received, output: &Output) -> Result<Ending> {
    if let Some(id) = arguments.id {
        let found: ReceivedEvent = client.get(&format!("/v1/events/{id}")).await?;
        let text = pretty(&found)?;
        output.result(&found, || text)?;
        return Ok(Ending::Done);
    }
    let state = if arguments.failed { Some("dead".to_owned()) } else { arguments.state };
    let query = query([
        ("state", state),
        ("limit", Some(arguments.paging.limit())),
        ("cursor", arguments.paging.cursor()),
    ]);
    let events: Page<ReceivedEvent> = client.get(&format!("/v1/events?{query}")).await?;
    output.result(&events, || list(&events.items) + &more(&events))?;
    Ok(Ending::Done)
}

fn list(events: &[ReceivedEvent]) -> String {
    let row = |event: &ReceivedEvent| {
        let came = match (&event.reason, event.tasks.as_slice()) {
            (Some(reason), _) => cut(reason, MAX_REASON),
            (None, [task]) => format!("task {} by {}", task.task_id, task.trigger),
            (None, tasks) => format!("{} tasks", tasks.len()),
        };
        vec![
            event.received_id.to_string(),
            cut(&event.event_type, MAX_REASON),
            cut(&format!("{} {}", event.source, event.id), MAX_REASON),
            event.received_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            event.state.as_str().to_owned(),
            came,
        ]
    };
    let rows: Vec<_> = events.iter().map(row).collect();
    table(&["RECEIVED", "TYPE", "SOURCE AND ID", "AT (UTC)", "STATE", "RESULT"], &rows)
}
