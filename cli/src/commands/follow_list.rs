//! `tasker task list --follow`: prints tasks as they come and change.

use anyhow::{Result, bail};
use tasker_api::TaskChanges;
use tasker_orchestrator::read::TaskSummary;

use super::{ending::Ending, filters::Filters, paging::Paging, stop::stop_signal};
use crate::{
    client::Client,
    output::{Output, Style, print, printable},
};

/// Prints the list, and then each task that changes, until the user stops it.
pub(super) async fn follow_list(
    client: &Client,
    filters: Filters,
    paging: Paging,
    output: &Output,
) -> Result<Ending> {
    let stop = stop_signal()?;
    let mut events = client.listen(&format!("/v1/tasks/stream?{}", filters.query(Some(paging)))).await?;
    output.say(&output.style(Style::Faint, "following tasks; Ctrl-C stops"));
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return Ok(Ending::Done),
            event = events.recv() => event,
        };
        let Some((kind, data)) = event else { bail!("the server has ended the connection") };
        if kind == "missed" {
            eprintln!(
                "warning: too much has happened to be told; `tasker task list` shows the list as it is"
            );
            continue;
        }
        let TaskChanges { mut tasks, .. } = serde_json::from_str(&data)?;
        // The oldest first, as they came.
        tasks.reverse();
        for task in &tasks {
            let line =
                if output.json { serde_json::to_string(task)? } else { printable(&line(task, output)) };
            print(&line);
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
