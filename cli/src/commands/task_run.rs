//! `tasker task run`: creates tasks and waits for them, on a server or in this process.

use anyhow::{Result, anyhow};
use serde::Serialize;
use tasker_client::types::Problem;
use uuid::Uuid;

use super::{
    dev::Local,
    ending::Ending,
    follow::follow,
    request::{RefusedInput, Request},
    stop::stop_signal,
};
use crate::{client::Client, config::ProjectConfig, output::Output, view::TaskView};

/// Runs tasks on a server.
pub(super) async fn on_server(
    client: &Client,
    request: &Request,
    watch: bool,
    output: &Output,
) -> Result<Ending> {
    Ok(run_tasks(client, request, watch, output).await?.0)
}

/// Runs tasks in this process: database, orchestrator, host and API.
pub(super) async fn locally(
    mut project: ProjectConfig,
    request: &Request,
    watch: bool,
    output: &Output,
) -> Result<Ending> {
    let usual = project.config.server.listen.clone();
    // Any free port, because the usual one may be in use.
    "127.0.0.1:0".clone_into(&mut project.config.server.listen);
    let stop = stop_signal()?;
    let local = Local::start(project, output, stop.clone()).await?;
    let ending = tokio::select! {
        ending = run_local(&local, request, watch, &usual, output) => ending,
        () = stop.cancelled() => {
            Err(anyhow!("interrupted; unfinished tasks continue with `tasker dev` or the next run of this command"))
        }
    };
    local.stop().await;
    ending
}

/// Runs the tasks, and says where the last one is shown by the server of the project, which listens on `usual`.
async fn run_local(
    local: &Local,
    request: &Request,
    watch: bool,
    usual: &str,
    output: &Output,
) -> Result<Ending> {
    local.publish(output).await?;
    let (ending, last) = run_tasks(&Client::new(&local.url)?, request, watch, output).await?;
    if let Some(task) = last {
        output
            .say(&format!("see it in the console: `tasker dev`, then http://{usual}/console/tasks/{task}\n"));
    }
    Ok(ending)
}

/// The result of one input of `task run`.
#[derive(Serialize)]
#[serde(untagged)]
enum Ran {
    Task(Box<TaskView>),
    Refused(RefusedInput),
}

/// Creates all tasks, then follows each. Prints the error of a rejected input and continues with the others.
/// Returns the last of them, too.
async fn run_tasks(
    client: &Client,
    request: &Request,
    watch: bool,
    output: &Output,
) -> Result<(Ending, Option<Uuid>)> {
    let mut answers = Vec::new();
    request
        .create_each(client, |input, made| {
            answers.push(match made {
                Ok(task) => Ok(task),
                // The task may still be running, from an interrupted run.
                Err(Problem { code, task_id: Some(task), detail, .. })
                    if code.as_str() == "duplicate_task" =>
                {
                    output.say(&detail);
                    Ok(task)
                }
                Err(error) => {
                    let refused = RefusedInput::new(input, error);
                    output.say(&format!("{}\n", refused.words(output)));
                    Err(refused)
                }
            });
            Ok(())
        })
        .await?;
    let (mut ran, mut complete, mut last) = (Vec::new(), true, None);
    for answer in answers {
        let task = match answer {
            Ok(task) => task,
            Err(refused) => {
                complete = false;
                ran.push(Ran::Refused(refused));
                continue;
            }
        };
        last = Some(task);
        let view = follow(client, task, watch && output.live, output).await?;
        if !(watch && output.live) {
            output.say(&view.lines(output).join("\n"));
        }
        output.say("");
        complete &= view.is_complete();
        ran.push(Ran::Task(Box::new(view)));
    }
    output.result(&ran, String::new)?;
    Ok((if complete { Ending::Done } else { Ending::TaskDidNotComplete }, last))
}
