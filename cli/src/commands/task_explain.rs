//! `tasker task explain`: says where the time of a task went.

use std::{collections::HashSet, fs, path::PathBuf};

use anyhow::{Context, Result};
use chrono::Utc;
use tasker_orchestrator::{
    read::{StepDetail, TaskDetail, TimelineEntry, Transition},
    state::StepState,
};
use uuid::Uuid;

use super::ending::Ending;
use crate::{
    client::Client,
    explain::{Facts, explain, is_reset, svg, text},
    output::Output,
};

/// The largest pages of lists without documents.
const PER_PAGE: u32 = 1000;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The task.
    task_id: Uuid,
    /// How many steps, and parts of the critical path, to list: the longest ones.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Also write a waterfall of these steps to a file, an image for browsers.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(super) async fn run(client: &Client, arguments: Arguments, output: &Output) -> Result<Ending> {
    let Arguments { task_id, limit, svg: file } = arguments;
    let path = format!("/v1/tasks/{task_id}");
    // First the task: what happens to it meanwhile is after the end that is known.
    let task: TaskDetail = client.get(&path).await?;
    let end = task.summary.completed_at.unwrap_or_else(Utc::now);
    let changes: Vec<Transition> =
        client.list(&format!("{path}/audit")).limit(PER_PAGE).all().await.map_err(failed(client))?;
    let runs: Vec<TimelineEntry> =
        client.list(&format!("{path}/timeline")).limit(PER_PAGE).all().await.map_err(failed(client))?;
    let isolated = if changes.iter().any(|change| change.to_state == StepState::Error.as_str()) {
        let steps = client.list(&format!("{path}/workflow_steps?failed=true&fields=summary"));
        let steps: Vec<StepDetail> = steps.limit(PER_PAGE).all().await.map_err(failed(client))?;
        steps.into_iter().filter(|step| step.isolated).map(|step| step.step_index).collect()
    } else {
        HashSet::new()
    };
    let present = if changes.iter().any(is_reset) {
        let steps = client.list(&format!("{path}/workflow_steps?fields=summary"));
        let steps: Vec<StepDetail> = steps.limit(PER_PAGE).all().await.map_err(failed(client))?;
        Some(steps.into_iter().map(|step| step.step_index).collect())
    } else {
        None
    };
    let summary = task.summary;
    let facts = Facts { created_at: summary.created_at, end, changes, runs, isolated, present };
    let names = [summary.namespace, summary.name, summary.version];
    let explained = explain((task_id, names, summary.status, summary.completed_at), &facts, limit);
    if let Some(file) = file {
        fs::write(&file, svg(&explained)).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    output.result(&explained, || text(&explained, output))?;
    Ok(Ending::Done)
}

fn failed(client: &Client) -> impl FnOnce(tasker_client::Error) -> anyhow::Error + '_ {
    |error| client.failure(error)
}
