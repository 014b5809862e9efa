//! Operators' actions on tasks: the actor, the reason, and the request.

use anyhow::Result;
use tasker_api::{CancelledTask, OperatedTask, TaskOperation};
use tasker_orchestrator::TaskAction;
use uuid::Uuid;

use super::ending::Ending;
use crate::{
    client::{Client, query},
    output::Output,
};

/// The actor of an operation.
#[derive(Debug, clap::Args)]
pub(crate) struct Actor {
    /// Who requests it. Default: $USER.
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
}

impl Actor {
    pub(crate) fn name(&self) -> String {
        let user = || std::env::var("USER").ok().filter(|user| !user.is_empty());
        self.actor.clone().or_else(user).unwrap_or_else(|| "cli".to_owned())
    }
}

/// An operation on a task.
#[derive(Debug, clap::Args)]
pub(crate) struct Operation {
    /// The task.
    task_id: Uuid,
    #[command(flatten)]
    actor: Actor,
    /// The reason.
    #[arg(long, value_name = "WHY")]
    reason: Option<String>,
}

impl Operation {
    /// Sends the action. `done` is the message before the task's id.
    pub(crate) async fn run(
        self,
        action: TaskAction,
        done: &str,
        client: &Client,
        output: &Output,
    ) -> Result<Ending> {
        let (task, actor) = (self.task_id, self.actor.name());
        let operation =
            TaskOperation { action, actor: Some(actor), reason: self.reason, expected_state: None };
        let stands: OperatedTask = client.patch(&format!("/v1/tasks/{task}"), &operation).await?;
        output.result(&stands, || format!("{done} {task}: it is {}", stands.status))?;
        Ok(Ending::Done)
    }

    pub(crate) async fn cancel(self, client: &Client, output: &Output) -> Result<Ending> {
        let (task, actor) = (self.task_id, self.actor.name());
        let query = query([("actor", Some(actor)), ("reason", self.reason)]);
        let done: CancelledTask = client.delete(&format!("/v1/tasks/{task}?{query}")).await?;
        output.result(&done, || format!("cancelled {task} and {} of its steps", done.cancelled_steps))?;
        Ok(Ending::Done)
    }
}
