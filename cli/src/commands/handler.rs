//! `tasker handler`: runs one of the project's handlers without database and server, and manages the versions of
//! handlers on a server.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;
use tasker_api::CallableOperation;
use tasker_orchestrator::{HandlerVersion, read::HandlerSummary};
use tasker_protocol::{
    BatchSlice, DependencyResult, Ending as RunEnding, Execution, Grants, HandlerReference, Limits, Payload,
    RawValue, StepDispatch, VERSION, raw_json,
};
use tasker_runtime_host::ExecutionControl;
use tasker_transport::MemoryKeyValues;
use uuid::Uuid;

use super::{ending::Ending, request::read_input};
use crate::{
    client::{Client, segment},
    config::ProjectConfig,
    output::{Output, Style, table},
    parts,
    project::{components::build, describe::Handlers},
};

/// The cursor of a batch without work.
const NOTHING: &str = "null";

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the handlers that a server has published.
    List,
    /// Build the project and run one handler on one input, in its sandbox.
    Run(Box<Run>),
    /// List the versions of a handler, newest first.
    Versions {
        /// The name that templates use.
        handler: String,
    },
    /// Make a version of a handler current: new tasks use it.
    #[command(disable_version_flag = true)]
    Promote {
        /// The name that templates use.
        handler: String,
        /// The number of the version.
        version: i32,
    },
    /// Make the version current that was current before the last promotion.
    RollBack {
        /// The name that templates use.
        handler: String,
    },
}

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Run {
    /// The handler's name.
    pub(crate) handler: String,
    /// The task's input: JSON, a file, or - for standard input.
    #[arg(long, short, default_value = "{}")]
    pub(crate) input: String,
    /// The step's `handler.initialization`: JSON or a file.
    #[arg(long, default_value = "{}")]
    pub(crate) config: String,
    /// The result of a dependency: `STEP=JSON`. May be given several times.
    #[arg(long = "dependency", value_name = "STEP=JSON")]
    pub(crate) dependencies: Vec<String>,
    /// Run it as a batch worker with this cursor: JSON or a file; `null` for a batch without work.
    #[arg(long, value_name = "JSON")]
    pub(crate) cursor: Option<String>,
    /// The checkpoint that an earlier run saved: JSON or a file.
    #[arg(long, value_name = "JSON")]
    pub(crate) checkpoint: Option<String>,
    /// An origin that the handler may send HTTP requests to: `https://api.example.com`. May be given several times.
    #[arg(long = "grant-http", value_name = "ORIGIN")]
    pub(crate) http: Vec<String>,
    /// A private network that the handler may reach: `127.0.0.1/32`. May be given several times.
    #[arg(long = "grant-network", value_name = "CIDR")]
    pub(crate) private_networks: Vec<String>,
    /// A secret that the handler may read, from the variable `TASKER_SECRET_<NAME>`. May be given several times.
    #[arg(long = "grant-secret", value_name = "NAME")]
    pub(crate) secrets: Vec<String>,
    /// A key-value bucket that the handler may open; it starts empty. May be given several times.
    #[arg(long = "grant-bucket", value_name = "NAME")]
    pub(crate) buckets: Vec<String>,
    /// The number of the attempt.
    #[arg(long, default_value_t = 1)]
    pub(crate) attempt: u32,
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    match command {
        Command::List => list(project, output).await,
        Command::Run(arguments) => run_one(project, &arguments, output).await,
        Command::Versions { handler } => {
            let versions: Vec<HandlerVersion> = Client::of(project)?.all(&versions_of(&handler)).await?;
            tell_versions(&versions, output)
        }
        Command::Promote { handler, version } => {
            make_current(project, &handler, CallableOperation::Promote { version }, output).await
        }
        Command::RollBack { handler } => {
            make_current(project, &handler, CallableOperation::RollBack, output).await
        }
    }
}

fn versions_of(handler: &str) -> String {
    format!("/v1/callables/{}/versions", segment(handler))
}

async fn make_current(
    project: &ProjectConfig,
    handler: &str,
    operation: CallableOperation,
    output: &Output,
) -> Result<Ending> {
    let client = Client::of(project)?;
    let _: HandlerVersion = client.patch(&versions_of(handler), &operation).await?;
    let versions: Vec<HandlerVersion> = client.all(&versions_of(handler)).await?;
    tell_versions(&versions, output)
}

fn tell_versions(versions: &[HandlerVersion], output: &Output) -> Result<Ending> {
    output.result(&versions, || {
        let row = |version: &HandlerVersion| {
            vec![
                version.version.to_string(),
                if version.is_current { "current" } else { "" }.to_owned(),
                version.component.chars().take(12).collect(),
                version.function.clone(),
                version.published_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            ]
        };
        let rows: Vec<_> = versions.iter().map(row).collect();
        table(&["VERSION", "", "COMPONENT", "FUNCTION", "PUBLISHED (UTC)"], &rows)
    })?;
    Ok(Ending::Done)
}

async fn list(project: &ProjectConfig, output: &Output) -> Result<Ending> {
    let handlers: Vec<HandlerSummary> = Client::of(project)?.all("/v1/callables").await?;
    output.result(&handlers, || {
        let row = |handler: &HandlerSummary| {
            let component = handler.component.chars().take(12).collect();
            vec![
                handler.callable.clone(),
                handler.version.to_string(),
                component,
                handler.description.clone(),
            ]
        };
        table(
            &["HANDLER", "VERSION", "COMPONENT", "DESCRIPTION"],
            &handlers.iter().map(row).collect::<Vec<_>>(),
        )
    })?;
    Ok(Ending::Done)
}

async fn run_one(project: &ProjectConfig, arguments: &Run, output: &Output) -> Result<Ending> {
    tell(&execute(project, arguments).await?, output)
}

/// Builds the project and runs a handler.
pub(crate) async fn execute(project: &ProjectConfig, arguments: &Run) -> Result<Execution> {
    let components = build(project).await?;
    let blobs = parts::open_blobs(project)?;
    let buckets = MemoryKeyValues::default().with_quota(project.config.worker.max_bucket_bytes);
    let host = parts::open_host(project, &blobs)?.with_key_values(Arc::new(buckets));
    let handlers = Handlers::of(project, &components, &host).await?;
    let (component, built, function) = handlers.resolve(project, &arguments.handler)?;
    blobs.put_component(built.wasm.clone()).await?;
    let dispatch = arguments.dispatch(component.digest.clone(), function)?;
    Ok(host.execute(&dispatch, &ExecutionControl::default()).await)
}

impl Run {
    fn dispatch(&self, component: String, function: String) -> Result<StepDispatch> {
        let read = |text: &str| -> Result<_> {
            let (name, text) = read_input(text)?;
            raw_json(text).with_context(|| format!("{name} is not JSON"))
        };
        let dependency = |given: &String| -> Result<DependencyResult> {
            let (step, json) =
                given.split_once('=').with_context(|| format!("`{given}` is not STEP=JSON"))?;
            Ok(DependencyResult { step: step.to_owned(), result: Payload::Inline(read(json)?) })
        };
        let cursor = self.cursor.as_deref().map(read).transpose()?;
        let batch = cursor.as_deref().map(alone_in_batch).transpose()?;
        Ok(StepDispatch {
            version: VERSION,
            task_id: Uuid::now_v7(),
            step_index: 0,
            execution: 1,
            attempt: self.attempt,
            release_id: Uuid::nil(),
            template_step: 0,
            max_attempts: self.attempt.max(3),
            step_name: self.handler.clone(),
            namespace: "default".to_owned(),
            task_name: "handler-run".to_owned(),
            task_version: "0.0.0".to_owned(),
            correlation_id: "handler-run".to_owned(),
            handler: HandlerReference { callable: self.handler.clone(), component, function },
            input: Payload::Inline(read(&self.input)?),
            configuration: read(&self.config)?,
            dependency_results: self.dependencies.iter().map(dependency).collect::<Result<_>>()?,
            cursor: cursor.filter(|cursor| cursor.get() != NOTHING),
            batch,
            checkpoint: self.checkpoint.as_deref().map(read).transpose()?.map(Payload::Inline),
            limits: Limits::default(),
            grants: Grants {
                http: self.http.clone(),
                private_networks: self.private_networks.clone(),
                secrets: self.secrets.clone(),
                key_value: self.buckets.clone(),
            },
            traceparent: None,
            sent_at: None,
            next: Vec::new(),
        })
    }
}

/// The batch data of the only worker of a batch.
fn alone_in_batch(cursor: &RawValue) -> Result<BatchSlice> {
    let metadata = json!({
        "batch_step": "batch", "worker_number": 1, "total_workers": 1, "batch_size": 1000, "parallelism": 1,
        "cursor_field": "id", "failure_strategy": "continue_on_failure",
    });
    Ok(BatchSlice { metadata: raw_json(metadata.to_string())?, is_no_op: cursor.get() == NOTHING })
}

fn tell(execution: &Execution, output: &Output) -> Result<Ending> {
    let failed = matches!(execution.ending, RunEnding::Failed(_));
    output.result(execution, || {
        let mut lines = Vec::new();
        for line in &execution.logs {
            let level = serde_json::to_value(line.level).unwrap_or_default();
            let prefix = format!("{} {}", level.as_str().unwrap_or_default(), line.target);
            lines.push(format!("{}  {}", output.style(Style::Faint, &prefix), line.message));
        }
        let usage = execution.usage;
        let used = format!(
            "{} µs, {} µs of them computing, {} KiB of memory",
            usage.wall_us,
            usage.cpu_us,
            usage.peak_memory_bytes / 1024
        );
        lines.push(output.style(Style::Faint, &used));
        lines.push(match &execution.ending {
            RunEnding::Complete(result) => pretty(result),
            RunEnding::Failed(failure) => {
                let kind = if failure.retryable { "retryable" } else { "permanent" };
                let title = format!("{} ({kind})", failure.error_type);
                format!("{}\n{}", output.style(Style::Bad, &title), failure.message)
            }
            other => crate::json::pretty(other).unwrap_or_default(),
        });
        lines.join("\n")
    })?;
    Ok(if failed { Ending::TaskDidNotComplete } else { Ending::Done })
}

fn pretty(result: &Payload) -> String {
    crate::json::indented(result.inline().unwrap_or("null"))
}
