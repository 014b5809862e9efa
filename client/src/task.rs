//! A task and what can be done with it.

use std::time::Duration;

use reqwest::Method;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    client::Client,
    error::Result,
    list::List,
    request::Request,
    types::{
        CancelledTask, CreatedTask, DrawnGraph, LogEntry, OperatedTask, StepDetail, TaskAction, TaskContext,
        TaskCopy, TaskDetail, TaskOperation, TaskOverview, TimelineEntry, Transition,
    },
};

/// How long the server waits at most.
const LONGEST: Duration = Duration::from_secs(60);

/// A task of a server. Clones name the same task.
#[derive(Debug, Clone)]
pub struct TaskHandle {
    pub(crate) client: Client,
    id: Uuid,
}

impl Client {
    /// A task by its id, without a request.
    pub fn task(&self, id: Uuid) -> TaskHandle {
        TaskHandle { client: self.clone(), id }
    }
}

impl TaskHandle {
    /// The id: a UUIDv7.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// A request to the part of the task with this path.
    pub(crate) fn route(&self, method: Method, parts: &[&str]) -> Request {
        let id = self.id.to_string();
        let all: Vec<&str> = ["v1", "tasks", &id].iter().chain(parts).copied().collect();
        self.client.route(method, &all)
    }

    pub(crate) fn list<T>(&self, parts: &[&str]) -> List<T> {
        let id = self.id.to_string();
        let all: Vec<&str> = ["v1", "tasks", &id].iter().chain(parts).copied().collect();
        self.client.list_at(&all)
    }

    /// The task as it is.
    pub async fn get(&self) -> Result<TaskDetail> {
        self.route(Method::GET, &[]).send().await
    }

    /// The task once it is at rest, but after this time at the latest. One request, which waits for 60 seconds at most, behind
    /// Lambda less; [`TaskHandle::wait`] waits longer.
    pub async fn get_at_rest(&self, patience: Duration) -> Result<TaskDetail> {
        let patience = patience.min(LONGEST);
        let request = self.route(Method::GET, &[]).query("wait_seconds", patience.as_secs_f64());
        request.patient(patience).send().await
    }

    /// The task with its steps as its template names them, without documents.
    pub async fn summary(&self) -> Result<TaskOverview> {
        self.route(Method::GET, &["summary"]).send().await
    }

    /// Cancels the task and its open steps. Fails with `already_ended` if it has ended.
    pub async fn cancel(&self, reason: &str) -> Result<CancelledTask> {
        self.route(Method::DELETE, &[]).query("reason", reason).send().await
    }

    /// Stops enqueuing steps until the task is resumed. Running steps go on to their end.
    pub async fn pause(&self, reason: &str) -> Result<OperatedTask> {
        self.act(TaskAction::Pause, reason).await
    }

    /// Continues a paused task.
    pub async fn resume(&self, reason: &str) -> Result<OperatedTask> {
        self.act(TaskAction::Resume, reason).await
    }

    /// Runs the failed steps again, with their attempts reset.
    pub async fn redrive(&self, reason: &str) -> Result<OperatedTask> {
        self.act(TaskAction::Redrive, reason).await
    }

    /// Ends a task that is blocked by failures in `error`.
    pub async fn give_up(&self, reason: &str) -> Result<OperatedTask> {
        self.act(TaskAction::GiveUp, reason).await
    }

    /// Declares a task done that is blocked by failures.
    pub async fn resolve(&self, reason: &str) -> Result<OperatedTask> {
        self.act(TaskAction::ResolveManually, reason).await
    }

    async fn act(&self, action: TaskAction, reason: &str) -> Result<OperatedTask> {
        self.operate(&TaskOperation {
            action,
            actor: None,
            reason: Some(reason.to_owned()),
            expected_state: None,
        })
        .await
    }

    /// Any operation on the task. Fails with `not_possible` if its state does not allow it.
    pub async fn operate(&self, operation: &TaskOperation) -> Result<OperatedTask> {
        self.route(Method::PATCH, &[]).json(operation).send().await
    }

    /// Creates a task with the input of this one, and with these changes.
    pub async fn copy(&self, changes: &TaskCopy) -> Result<Self> {
        let created: CreatedTask = self.route(Method::POST, &["clone"]).json(changes).send().await?;
        Ok(self.client.task(created.task_id))
    }

    /// The input, read into a type, whatever its length. Needs `tasks:context_read`.
    pub async fn input<T: DeserializeOwned>(&self) -> Result<T> {
        self.route(Method::GET, &["input"]).send().await
    }

    /// The input and the results of the first 1,000 completed steps; in the place of one of more than 256 KiB,
    /// `{"$omitted": {"bytes", "href"}}`. Needs `tasks:context_read`.
    pub async fn context(&self) -> Result<TaskContext> {
        self.route(Method::GET, &["context"]).send().await
    }

    /// The steps with their states, places and lines; the critical path; what blocks the task.
    pub async fn graph(&self) -> Result<DrawnGraph> {
        self.route(Method::GET, &["graph"]).send().await
    }

    /// Each run with its times, host and usage; then what has not ended.
    pub fn timeline(&self) -> List<TimelineEntry> {
        self.list(&["timeline"])
    }

    /// The log lines of ended runs. Needs `tasks:context_read`.
    pub fn logs(&self) -> List<LogEntry> {
        self.list(&["logs"])
    }

    /// The changes of state of the task and its steps.
    pub fn audit(&self) -> List<Transition> {
        self.list(&["audit"])
    }

    /// The steps.
    pub fn steps(&self) -> List<StepDetail> {
        self.list(&["workflow_steps"])
    }
}
