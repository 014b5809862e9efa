//! `tasker task`: creates, follows, lists and operates tasks.

use anyhow::{Result, bail};
use serde::Serialize;
use tasker_api::{CreatedTask, Page, TaskCopy};
use tasker_orchestrator::{TaskAction, read::TaskSummary};
use uuid::Uuid;

use super::{
    bulk,
    ending::Ending,
    filters::Filters,
    follow::{finish, follow, look},
    follow_list::follow_list,
    inspect::{self, LogFilters, document},
    operate::Operation,
    paging::{Paging, more},
    request::{RefusedInput, Request, read_json},
    task_check, task_explain, task_run,
};
use crate::{
    client::{Client, told},
    config::ProjectConfig,
    graph::Format,
    output::{Output, printable, table},
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create tasks, wait for them and print their outcomes.
    Run {
        #[command(flatten)]
        request: Request,
        /// Draw the progress.
        #[arg(long)]
        watch: bool,
        /// Run everything in this process: start the database, build, publish, run, stop.
        #[arg(long)]
        local: bool,
    },
    /// Create tasks and print their ids.
    Create {
        #[command(flatten)]
        request: Request,
    },
    /// List tasks, newest first.
    #[command(disable_version_flag = true)]
    List {
        #[command(flatten)]
        filters: Filters,
        #[command(flatten)]
        paging: Paging,
        /// Print each task again when it changes, until Ctrl-C.
        #[arg(long, conflicts_with = "cursor")]
        follow: bool,
    },
    /// Count the newest 10,000 tasks that match.
    #[command(disable_version_flag = true)]
    Count {
        #[command(flatten)]
        filters: Filters,
        /// What to count by: state, namespace or template.
        #[arg(long)]
        by: Option<String>,
    },
    /// Show a task and its steps.
    Show {
        /// The task.
        task_id: Uuid,
    },
    /// Follow a task until it ends.
    Watch {
        /// The task.
        task_id: Uuid,
    },
    /// Draw the DAG of a task with the state of its steps.
    Graph {
        /// The task.
        task_id: Uuid,
        /// The format of the picture.
        #[arg(long, value_enum, default_value = "mermaid")]
        format: Format,
    },
    /// List the runs of a task's steps with their times, in the order of their ends.
    Timeline {
        /// The task.
        task_id: Uuid,
        #[command(flatten)]
        paging: Paging,
    },
    /// Say where the time of a task went: along its critical path, for each step, and in sum.
    Explain(task_explain::Arguments),
    /// Print the log lines of a task's handlers.
    Logs {
        /// The task.
        task_id: Uuid,
        #[command(flatten)]
        filters: LogFilters,
    },
    /// List the changes of a task and its steps: time, event, actor and reason.
    History {
        /// The task.
        task_id: Uuid,
        #[command(flatten)]
        paging: Paging,
    },
    /// Check requests to create tasks: the template and the inputs. Creates none. Exit code 3 if one is refused.
    Validate {
        #[command(flatten)]
        request: Request,
    },
    /// Print the input of a task as it was sent, whatever its size.
    Input {
        /// The task.
        task_id: Uuid,
    },
    /// Print the input of a task and the results of its steps.
    Context {
        /// The task.
        task_id: Uuid,
    },
    /// Cancel a task.
    Cancel(Operation),
    /// Pause a task: no more of its steps are enqueued until it is resumed.
    Pause(Operation),
    /// Resume a paused task.
    Resume(Operation),
    /// Run the failed steps of a task again, with their attempts reset.
    Redrive(Operation),
    /// End a task that is blocked by failures in `error`.
    GiveUp(Operation),
    /// Declare a task done that is blocked by failures.
    Resolve(Operation),
    /// Reset a step and all steps after it, and run them again.
    Rerun {
        #[command(flatten)]
        operation: Operation,
        /// The step, by name or number.
        #[arg(long, value_name = "STEP")]
        from: String,
    },
    /// Create a task with the input of another.
    #[command(disable_version_flag = true)]
    Clone {
        /// The task to copy.
        task_id: Uuid,
        /// Changes of the input, a JSON Merge Patch: JSON, a file, or - for standard input.
        #[arg(long, value_name = "JSON")]
        context: Option<String>,
        /// The template version. Default: that of the task.
        #[arg(long)]
        version: Option<String>,
        /// The reason.
        #[arg(long, value_name = "WHY")]
        reason: Option<String>,
    },
    /// Apply an action to many tasks: shows how many match, and asks first.
    #[command(disable_version_flag = true)]
    Bulk {
        #[command(flatten)]
        order: bulk::Order,
        #[command(flatten)]
        filters: Filters,
    },
    /// Move a task without running steps to another version of its template, or to the current handlers. The DAG must
    /// be the same.
    #[command(disable_version_flag = true)]
    Upgrade {
        #[command(flatten)]
        operation: Operation,
        /// The template version. Default: the task's own.
        #[arg(long)]
        version: Option<String>,
    },
    /// Set the priority of tasks: of their steps that become ready from now on.
    SetPriority {
        #[command(flatten)]
        operation: Operation,
        /// From -100 (last) to 100 (first).
        #[arg(long, allow_hyphen_values = true)]
        priority: i16,
    },
    /// Replace the tags of tasks.
    SetTags {
        #[command(flatten)]
        operation: Operation,
        /// A new tag. Repeat it for several; without one, the tasks have no tags afterwards.
        #[arg(long = "tag")]
        tags: Vec<String>,
    },
}

pub(crate) async fn run(project: ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    if let Command::Run { request, watch, local: true } = command {
        return Box::pin(task_run::locally(project, &request, watch, output)).await;
    }
    let client = &Client::of(&project)?;
    match command {
        Command::Run { request, watch, .. } => task_run::on_server(client, &request, watch, output).await,
        Command::Create { request } => {
            let (mut created, mut refused) = (Vec::new(), Vec::new());
            request
                .create_each(client, |input, made| {
                    match made {
                        Ok(task) => {
                            output.say(&task.to_string());
                            created.push(task);
                        }
                        Err(error) if input.line.is_none() => bail!(error.detail),
                        Err(error) => {
                            let input = RefusedInput::new(input, error);
                            eprintln!("{}", printable(&input.words(output)));
                            refused.push(input);
                        }
                    }
                    Ok(())
                })
                .await?;
            let ending = if refused.is_empty() { Ending::Done } else { Ending::TaskDidNotComplete };
            output.result(&Created { task_ids: created, refused }, String::new)?;
            Ok(ending)
        }
        Command::List { filters, paging, follow: true } => follow_list(client, filters, paging, output).await,
        Command::List { filters, paging, follow: false } => list(client, filters, paging, output).await,
        Command::Count { filters, by } => inspect::count(client, &filters.query(None), by, output).await,
        Command::Graph { task_id, format } => inspect::graph(client, task_id, format, output).await,
        Command::Timeline { task_id, paging } => inspect::timeline(client, task_id, paging, output).await,
        Command::Explain(arguments) => task_explain::run(client, arguments, output).await,
        Command::Logs { task_id, filters } => inspect::logs(client, task_id, filters, output).await,
        Command::History { task_id, paging } => inspect::history(client, task_id, paging, output).await,
        Command::Validate { request } => task_check::run(client, &request, output).await,
        Command::Input { task_id } => document(client, &format!("/v1/tasks/{task_id}/input"), output).await,
        Command::Context { task_id } => inspect::context(client, task_id, output).await,
        Command::Show { task_id } => {
            let view = look(client, task_id).await?;
            output.result(&view, || view.lines(output).join("\n"))?;
            Ok(Ending::Done)
        }
        Command::Watch { task_id } => {
            let view = follow(client, task_id, output.live, output).await?;
            finish(&view, output)
        }
        Command::Clone { task_id, context, version, reason } => {
            let context = context.map(|context| read_json("--context", &context)).transpose()?;
            let copy = TaskCopy { context, version, reason };
            let path = format!("/v1/tasks/{task_id}/clone");
            let created: CreatedTask = client.post(&path, &copy).await?.map_err(told)?;
            output.result(&created, || created.task_id.to_string())?;
            Ok(Ending::Done)
        }
        Command::Bulk { order, filters } => bulk::order(client, order, filters.filter()?, output).await,
        Command::Cancel(operation) => operation.cancel(client, output).await,
        Command::Pause(operation) => operation.run(TaskAction::Pause, "paused", client, output).await,
        Command::Resume(operation) => operation.run(TaskAction::Resume, "resumed", client, output).await,
        Command::Redrive(operation) => {
            operation.run(TaskAction::Redrive, "retrying the failed steps of", client, output).await
        }
        Command::GiveUp(operation) => operation.run(TaskAction::GiveUp, "gave up", client, output).await,
        Command::Resolve(operation) => {
            operation.run(TaskAction::ResolveManually, "resolved", client, output).await
        }
        Command::Rerun { operation, from } => {
            let done = format!("rerunning from {from} in");
            operation.run(TaskAction::Rerun { step: from }, &done, client, output).await
        }
        Command::Upgrade { operation, version } => {
            operation.run(TaskAction::Upgrade { version }, "upgraded", client, output).await
        }
        Command::SetPriority { operation, priority } => {
            operation.run(TaskAction::SetPriority { priority }, "prioritized", client, output).await
        }
        Command::SetTags { operation, tags } => {
            operation.run(TaskAction::SetTags { tags }, "tagged", client, output).await
        }
    }
}

/// The result of `task create`.
#[derive(Serialize)]
struct Created {
    task_ids: Vec<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<RefusedInput>,
}

async fn list(client: &Client, filters: Filters, paging: Paging, output: &Output) -> Result<Ending> {
    let query = filters.query(Some(paging));
    let found: Page<TaskSummary> = client.get(&format!("/v1/tasks?{query}")).await?;
    output.result(&found, || {
        let row = |task: &TaskSummary| {
            let paused = if task.paused_at.is_some() { ", paused" } else { "" };
            vec![
                task.task_id.to_string(),
                format!("{}/{}", task.namespace, task.name),
                format!("{}{paused}", task.status),
                format!("{}/{}", task.steps.satisfied + task.steps.isolated, task.steps.total),
                task.created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            ]
        };
        let rows: Vec<_> = found.items.iter().map(row).collect();
        table(&["TASK", "TEMPLATE", "STATUS", "STEPS", "CREATED (UTC)"], &rows) + &more(&found)
    })?;
    Ok(Ending::Done)
}
