//! `tasker task list --follow`: prints tasks as they come and change.

use anyhow::Result;
use tasker_client::{Document, ListEvent};
use tasker_orchestrator::read::TaskSummary;

use super::{ending::Ending, filters::Filters, paging::Paging, stop::stop_signal};
use crate::{
    client::Client,
    output::{Output, Style, print, printable},
};

/// Prints the list, and then each task that changes, until the user stops it. Goes on where a connection breaks.
pub(super) async fn follow_list(
    client: &Client,
    filters: Filters,
    paging: Paging,
    output: &Output,
) -> Result<Ending> {
    let stop = stop_signal()?;
    let list = client.patient().list::<Document>(&format!("/v1/tasks?{}", filters.query(Some(paging))));
    let mut events = list.watch();
    output.say(&output.style(Style::Faint, "following tasks; Ctrl-C stops"));
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return Ok(Ending::Done),
            event = events.next() => event,
        };
        let Some(event) = event else { return Ok(Ending::Done) };
        match event.map_err(|error| client.failure(error))? {
            ListEvent::Snapshot(changes) | ListEvent::Changes(changes) => {
                // The oldest first, as they came.
                for task in changes.tasks.iter().rev() {
                    print(&if output.json {
                        task.get().to_owned()
                    } else {
                        printable(&line(&task.parse()?, output))
                    });
                }
            }
            ListEvent::Missed => eprintln!(
                "warning: too much has happened to be told; `tasker task list` shows the list as it is"
            ),
            _ => {}
        }
    }
}

/// A task as one line.
fn line(task: &TaskSummary, output: &Output) -> String {
    let done = format!("{}/{}", task.steps.satisfied + task.steps.isolated, task.steps.total);
    let template = format!("{}/{}", task.namespace, task.name);
    let paused = if task.paused_at.is_some() { ", paused" } else { "" };
    format!(
        "{}  {}  {}{paused}  {done} steps",
        output.style(Style::Faint, &task.task_id.to_string()),
        output.style(Style::Strong, &template),
        task.status
    )
}
