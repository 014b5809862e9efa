//! `tasker step`: lists and shows the steps of a task, and applies operators' actions.

use anyhow::Result;
use serde_json::value::RawValue;
use tasker_api::{OperatedTask, StepActionName, StepOperation};
use tasker_orchestrator::read::{AttemptRecord, StepDetail, Transition};
use uuid::Uuid;

use super::{ending::Ending, inspect::document, operate::Actor, request::read_json};
use crate::{
    client::{Client, segment},
    config::ProjectConfig,
    output::{Output, table},
    view::{StepView, cut, duration, failure_of, state_words, time_of},
};

/// The maximum width of an outcome in the list.
const MAX_OUTCOME: usize = 72;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the steps of a task.
    List {
        /// The task.
        task_id: Uuid,
    },
    /// Show a step with its state and its attempts.
    Show {
        #[command(flatten)]
        step: StepOfTask,
        /// Add all its transitions: time, event, actor and reason.
        #[arg(long)]
        history: bool,
    },
    /// Print the result of a step as it was sent, whatever its size.
    Result(StepOfTask),
    /// Run a failed step again, with its attempts reset.
    Reset(Operation),
    /// Let dependent steps run without a result of this step.
    Resolve(Operation),
    /// Complete a step with the given result, so that dependent steps run.
    Complete {
        #[command(flatten)]
        operation: Operation,
        /// The result: JSON, a file, or - for standard input.
        #[arg(long, value_name = "JSON")]
        result: String,
        /// For a decision: the names of the steps to run next. Empty: none.
        #[arg(long, value_name = "STEPS", value_delimiter = ',')]
        branch: Option<Vec<String>>,
        /// For a batchable step: an array with one cursor per worker. JSON, a file, or - for standard input.
        #[arg(long, value_name = "JSON")]
        cursors: Option<String>,
    },
}

/// A step of a task.
#[derive(Debug, clap::Args)]
pub(crate) struct StepOfTask {
    /// The task.
    task_id: Uuid,
    /// The step, by name or number.
    step: String,
}

impl StepOfTask {
    fn path(&self) -> String {
        format!("/v1/tasks/{}/workflow_steps/{}", self.task_id, segment(&self.step))
    }
}

/// An operation on a step.
#[derive(Debug, clap::Args)]
pub(crate) struct Operation {
    #[command(flatten)]
    step: StepOfTask,
    #[command(flatten)]
    actor: Actor,
    /// The reason.
    #[arg(long, value_name = "WHY")]
    reason: String,
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = &Client::of(project)?;
    match command {
        Command::List { task_id } => list(client, task_id, output).await,
        Command::Show { step, history } => show(client, &step, history, output).await,
        Command::Result(step) => document(client, &format!("{}/result", step.path()), output).await,
        Command::Reset(operation) => {
            operation.run(StepActionName::ResetForRetry, "reset", client, output).await
        }
        Command::Resolve(operation) => {
            operation.run(StepActionName::ResolveManually, "resolved", client, output).await
        }
        Command::Complete { operation, result, branch, cursors } => {
            let mut body = operation.body(StepActionName::CompleteManually);
            body.result = Some(read_json("--result", &result)?);
            body.branch = branch.map(|steps| steps.into_iter().filter(|step| !step.is_empty()).collect());
            body.cursors =
                cursors.map(|cursors| read_json::<Vec<Box<RawValue>>>("--cursors", &cursors)).transpose()?;
            operation.send(&body, "completed", client, output).await
        }
    }
}

impl Operation {
    fn body(&self, action: StepActionName) -> StepOperation {
        let (actor, reason) = (Some(self.actor.name()), self.reason.clone());
        StepOperation { action, actor, reason, result: None, branch: None, cursors: None }
    }

    async fn run(
        self,
        action: StepActionName,
        done: &str,
        client: &Client,
        output: &Output,
    ) -> Result<Ending> {
        self.send(&self.body(action), done, client, output).await
    }

    async fn send(
        &self,
        body: &StepOperation,
        done: &str,
        client: &Client,
        output: &Output,
    ) -> Result<Ending> {
        let stands: OperatedTask = client.patch(&self.step.path(), body).await?;
        output.result(&stands, || format!("{done} {}: its task is {}", self.step.step, stands.status))?;
        Ok(Ending::Done)
    }
}

async fn list(client: &Client, task: Uuid, output: &Output) -> Result<Ending> {
    let steps: Vec<StepDetail> = client.all(&format!("/v1/tasks/{task}/workflow_steps")).await?;
    output.result(&steps, || {
        let row = |step: &StepDetail| {
            let result = || step.result.as_ref().map(|result| result.get().to_owned());
            let outcome = if step.state.is_terminal() { result() } else { failure_of(step) };
            vec![
                step.step_index.to_string(),
                step.name.clone(),
                state_words(step).to_owned(),
                format!("{}/{}", step.attempt, step.max_attempts.max(1)),
                time_of(step).map_or(String::new(), duration),
                cut(&outcome.unwrap_or_default(), MAX_OUTCOME),
            ]
        };
        let rows: Vec<_> = steps.iter().map(row).collect();
        table(&["NUMBER", "STEP", "STATE", "ATTEMPT", "TIME", "OUTCOME"], &rows)
    })?;
    Ok(Ending::Done)
}

async fn show(client: &Client, step: &StepOfTask, history: bool, output: &Output) -> Result<Ending> {
    let path = step.path();
    let detail: StepDetail = client.get(&path).await?;
    let attempts: Vec<AttemptRecord> = client.all(&format!("{path}/attempts")).await?;
    let transitions: Vec<Transition> =
        if history { client.all(&format!("{path}/audit")).await? } else { Vec::new() };
    let view = StepView { step: detail, attempts, transitions };
    output.result(&view, || view.lines(output).join("\n"))?;
    Ok(Ending::Done)
}
