//! `tasker task`: creates, follows, lists and cancels tasks.

use std::{io::Read, path::Path, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json, value::RawValue};
use tasker_api::{CancelledTask, CreatedTask, TaskPage};
use tasker_orchestrator::{
    TaskRequest,
    read::{StepDetail, TaskSummary},
};
use uuid::Uuid;

use super::{Ending, dev::Local, stop_signal};
use crate::{
    client::{Client, told},
    config::ProjectConfig,
    output::{Output, Style, table},
    view::{Screen, TaskView},
};

/// How often a task that is watched is looked at.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create tasks, wait for them and print how they went.
    Run {
        #[command(flatten)]
        request: Request,
        /// Draw the progress while it runs.
        #[arg(long)]
        watch: bool,
        /// Run it in this process: start the database, build, publish, run, stop.
        #[arg(long)]
        local: bool,
    },
    /// Create tasks and print their ids.
    Create {
        #[command(flatten)]
        request: Request,
    },
    /// List tasks, the newest first.
    List {
        /// Only in this state.
        #[arg(long)]
        status: Option<String>,
        /// Only of this namespace.
        #[arg(long)]
        namespace: Option<String>,
        /// The page, from 1.
        #[arg(long, default_value_t = 1)]
        page: u32,
        /// How many tasks.
        #[arg(long, default_value_t = 25)]
        per_page: u32,
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
    /// Cancel a task.
    Cancel {
        /// The task.
        task_id: Uuid,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// The template: `NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME@VERSION`.
    template: String,
    /// The input: JSON, a .json file, a .jsonl file with one input on each line, or - for standard input.
    #[arg(long, short, default_value = "{}")]
    input: String,
    /// From -100 (last) to 100 (first): the order among steps that become ready together.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    priority: i16,
    /// Two requests with one key mean one task.
    #[arg(long)]
    idempotency_key: Option<String>,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

pub(crate) async fn run(mut project: ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    if let Command::Run { request, watch, local: true } = command {
        // Any port will do, so that a server on the usual one does not stand in the way.
        "127.0.0.1:0".clone_into(&mut project.config.server.listen);
        let local = Local::start(project, output, stop_signal()?).await?;
        let ending = run_local(&local, &request, watch, output).await;
        local.stop().await;
        return ending;
    }
    let client = Client::new(&project.config.server.url());
    match command {
        Command::Run { request, watch, .. } => run_tasks(&client, &request, watch, output).await,
        Command::Create { request } => {
            let mut created = Vec::new();
            for input in request.inputs()? {
                created
                    .push(create(&client, &request.body(input)?).await?.map_err(|refused| anyhow!(refused))?);
            }
            let text = created.iter().map(Uuid::to_string).collect::<Vec<_>>().join("\n");
            output.result(&json!({ "task_ids": created }), || text)?;
            Ok(Ending::Done)
        }
        Command::List { status, namespace, page, per_page } => {
            list(&client, status, namespace, page, per_page, output).await
        }
        Command::Show { task_id } => {
            let view = look(&client, task_id).await?;
            output.result(&view.json(), || view.lines(output).join("\n"))?;
            Ok(Ending::Done)
        }
        Command::Watch { task_id } => {
            let view = follow(&client, task_id, output.live, output).await?;
            finish(&[view], output)
        }
        Command::Cancel { task_id, reason } => cancel(&client, task_id, reason, output).await,
    }
}

async fn run_local(local: &Local, request: &Request, watch: bool, output: &Output) -> Result<Ending> {
    local.publish(output).await?;
    run_tasks(&Client::new(&local.url), request, watch, output).await
}

/// Creates all tasks, then follows each. An input that is refused is told, and the others run.
async fn run_tasks(client: &Client, request: &Request, watch: bool, output: &Output) -> Result<Ending> {
    let mut views = Vec::new();
    let mut refused = false;
    let mut tasks = Vec::new();
    for input in request.inputs()? {
        match create(client, &request.body(input.clone())?).await? {
            Ok(task) => tasks.push(task),
            Err(reason) => {
                refused = true;
                let title = output.style(Style::Bad, "refused");
                output.say(&format!("{title} {}\n{reason}\n", shortened(&input)));
            }
        }
    }
    for task in tasks {
        let view = follow(client, task, watch && output.live, output).await?;
        if !(watch && output.live) {
            output.say(&view.lines(output).join("\n"));
        }
        output.say("");
        views.push(view);
    }
    if output.json {
        output.result(&views.iter().map(TaskView::json).collect::<Vec<_>>(), String::new)?;
    }
    let complete = views.iter().all(TaskView::is_complete);
    Ok(if complete && !refused { Ending::Done } else { Ending::TaskDidNotComplete })
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 100 { text.to_owned() } else { text.chars().take(99).chain(['…']).collect() }
}

/// Creates a task. The inner error is the API's own word on why the request is not acceptable.
async fn create(client: &Client, body: &TaskRequest) -> Result<std::result::Result<Uuid, String>> {
    let answer = client.post::<CreatedTask>("/v1/tasks", serde_json::to_string(body)?).await?;
    match answer {
        Ok(created) => Ok(Ok(created.task_id)),
        Err(error) if ["invalid_input", "duplicate_task"].contains(&error.error.code.as_str()) => {
            Ok(Err(error.error.message))
        }
        Err(error) => Err(told(error)),
    }
}

/// Follows a task until it rests, drawing it if asked.
async fn follow(client: &Client, task: Uuid, draw: bool, output: &Output) -> Result<TaskView> {
    let mut screen = Screen::default();
    loop {
        if !draw {
            let _: Value = client.get(&format!("/v1/tasks/{task}?wait_seconds=30")).await?;
        }
        let view = look(client, task).await?;
        if draw {
            screen.draw(&view.lines(output));
        }
        if view.is_at_rest() {
            return Ok(view);
        }
        if draw {
            tokio::time::sleep(WATCH_INTERVAL).await;
        }
    }
}

fn finish(views: &[TaskView], output: &Output) -> Result<Ending> {
    for view in views {
        output.result(&view.json(), || {
            if output.live { String::new() } else { view.lines(output).join("\n") }
        })?;
    }
    let complete = views.iter().all(TaskView::is_complete);
    Ok(if complete { Ending::Done } else { Ending::TaskDidNotComplete })
}

async fn look(client: &Client, task: Uuid) -> Result<TaskView> {
    let shown: Value = client.get(&format!("/v1/tasks/{task}")).await?;
    let steps: Vec<StepDetail> = client.get(&format!("/v1/tasks/{task}/workflow_steps")).await?;
    Ok(TaskView::new(shown, steps))
}

async fn list(
    client: &Client,
    status: Option<String>,
    namespace: Option<String>,
    page: u32,
    per_page: u32,
    output: &Output,
) -> Result<Ending> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("page", &page.to_string()).append_pair("per_page", &per_page.to_string());
    for (name, value) in [("status", status), ("namespace", namespace)] {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    let found: TaskPage = client.get(&format!("/v1/tasks?{}", query.finish())).await?;
    output.result(&found, || {
        let row = |task: &TaskSummary| {
            vec![
                task.task_id.to_string(),
                format!("{}/{}", task.namespace, task.name),
                task.status.to_string(),
                format!("{}/{}", task.steps.satisfied, task.steps.total),
                task.created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            ]
        };
        let rows: Vec<_> = found.tasks.iter().map(row).collect();
        let more = if found.has_more { format!("\n(more: --page {})", page + 1) } else { String::new() };
        table(&["TASK", "TEMPLATE", "STATUS", "STEPS", "CREATED (UTC)"], &rows) + &more
    })?;
    Ok(Ending::Done)
}

async fn cancel(client: &Client, task: Uuid, reason: Option<String>, output: &Output) -> Result<Ending> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("actor", &std::env::var("USER").unwrap_or_else(|_| "cli".to_owned()));
    if let Some(reason) = &reason {
        query.append_pair("reason", reason);
    }
    let done: CancelledTask = client.delete(&format!("/v1/tasks/{task}?{}", query.finish())).await?;
    output.result(&done, || format!("cancelled {task} and {} of its steps", done.cancelled_steps))?;
    Ok(Ending::Done)
}

impl Request {
    /// The inputs that are asked for, each checked to be JSON.
    fn inputs(&self) -> Result<Vec<String>> {
        let (name, text) = read_input(&self.input)?;
        if Path::new(&name).extension().is_some_and(|extension| extension == "jsonl") {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            return lines
                .map(|(index, line)| {
                    check_json(line).with_context(|| format!("{name}, line {}, is not JSON", index + 1))?;
                    Ok(line.to_owned())
                })
                .collect();
        }
        check_json(&text).with_context(|| format!("{name} is not JSON"))?;
        Ok(vec![text])
    }

    fn body(&self, input: String) -> Result<TaskRequest> {
        let (path, version) = match self.template.split_once('@') {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (self.template.as_str(), None),
        };
        let (namespace, name) = path.split_once('/').unwrap_or(("default", path));
        let mut request = TaskRequest::new(name, RawValue::from_string(input)?);
        namespace.clone_into(&mut request.namespace);
        request.version = version;
        request.priority = self.priority;
        request.idempotency_key.clone_from(&self.idempotency_key);
        request.reason.clone_from(&self.reason);
        request.initiator = std::env::var("USER").ok();
        request.source_system = Some("cli".to_owned());
        Ok(request)
    }
}

/// The text of an input and what to call it in errors.
pub(crate) fn read_input(input: &str) -> Result<(String, String)> {
    if input == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(("standard input".to_owned(), text));
    }
    if Path::new(input).is_file() {
        let text = std::fs::read_to_string(input).with_context(|| format!("reading {input}"))?;
        return Ok((input.to_owned(), text));
    }
    if !input.trim_start().starts_with(['{', '[', '"']) && serde_json::from_str::<Value>(input).is_err() {
        bail!("there is no file {input}, and it is not JSON either");
    }
    Ok(("the input".to_owned(), input.to_owned()))
}

fn check_json(text: &str) -> Result<()> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)?;
    Ok(())
}
