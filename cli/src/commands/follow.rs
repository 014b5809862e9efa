//! Reads a task for display, once or until it comes to rest.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tasker_assembly::timing::WAIT_PIECE;
use tasker_orchestrator::read::{StepDetail, TaskSummary};
use tasker_templates::template::Template;
use uuid::Uuid;

use super::ending::Ending;
use crate::{
    client::{Client, segment},
    output::Output,
    view::{Screen, TaskView},
};

/// How often a watched task is read.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);
/// The maximum share of the time spent on reading, as a divisor, because a task with thousands of steps takes long to
/// read.
const LOOKING_SHARE: u32 = 5;

/// Returns the current state of a task.
pub(crate) async fn look(client: &Client, task: Uuid) -> Result<TaskView> {
    look_again(client, task, None).await
}

/// Returns the current state of a task. `template` is its template, if it was read before.
async fn look_again(client: &Client, task: Uuid, template: Option<Template>) -> Result<TaskView> {
    let shown: Box<RawValue> = client.get(&format!("/v1/tasks/{task}")).await?;
    let summary: TaskSummary = serde_json::from_str(shown.get())?;
    let steps: Vec<StepDetail> = client.all(&format!("/v1/tasks/{task}/workflow_steps")).await?;
    let template = match template.filter(|template| summary.version == template.version) {
        Some(template) => template,
        None => {
            let [namespace, name, version] =
                [&summary.namespace, &summary.name, &summary.version].map(|part| segment(part));
            client.get(&format!("/v1/templates/{namespace}/{name}/{version}")).await?
        }
    };
    Ok(TaskView::new(summary, serde_json::from_str(shown.get())?, steps, template))
}

/// Follows a task until it comes to rest, and draws it if requested.
pub(crate) async fn follow(client: &Client, task: Uuid, draw: bool, output: &Output) -> Result<TaskView> {
    let client = &client.patient();
    let mut screen = Screen::default();
    let mut template = None;
    loop {
        if !draw {
            let _: IgnoredAny =
                client.get(&format!("/v1/tasks/{task}?wait_seconds={}", WAIT_PIECE.as_secs())).await?;
        }
        let began = Instant::now();
        let view = look_again(client, task, template.take()).await?;
        if draw {
            screen.draw(&view.lines(output), view.is_at_rest());
        }
        if view.is_at_rest() {
            return Ok(view);
        }
        template = Some(view.template());
        if draw {
            tokio::time::sleep(WATCH_INTERVAL.max(began.elapsed() * LOOKING_SHARE)).await;
        }
    }
}

/// Prints a followed task, unless it is already on the screen.
pub(crate) fn finish(view: &TaskView, output: &Output) -> Result<Ending> {
    output.result(view, || if output.live { String::new() } else { view.lines(output).join("\n") })?;
    Ok(if view.is_complete() { Ending::Done } else { Ending::TaskDidNotComplete })
}
