//! A step and what can be done with it.

use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    document::Document,
    error::{Error, Result},
    list::List,
    request::Request,
    task::TaskHandle,
    types::{AttemptRecord, LogEntry, OperatedTask, StepActionName, StepDetail, StepOperation, Transition},
};

const STEPS: &str = "workflow_steps";

/// A step of a task.
#[derive(Debug, Clone)]
pub struct StepHandle {
    task: TaskHandle,
    step: String,
}

impl TaskHandle {
    /// A step by its name or number, without a request.
    pub fn step(&self, step: impl Into<String>) -> StepHandle {
        StepHandle { task: self.clone(), step: step.into() }
    }

    /// The result of a completed step, read into a type, whatever its length. Needs `tasks:context_read`.
    pub async fn result<T: DeserializeOwned>(&self, step: &str) -> Result<T> {
        self.step(step).result().await
    }
}

impl StepHandle {
    fn route(&self, method: Method, parts: &[&str]) -> Request {
        let all: Vec<&str> = [STEPS, &self.step].iter().chain(parts).copied().collect();
        self.task.route(method, &all)
    }

    /// The step as it is.
    pub async fn get(&self) -> Result<StepDetail> {
        self.route(Method::GET, &[]).send().await
    }

    /// The result of the completed step, read into a type, whatever its length. Needs `tasks:context_read`.
    pub async fn result<T: DeserializeOwned>(&self) -> Result<T> {
        self.route(Method::GET, &["result"]).send().await
    }

    /// Lets a failed step run again, with its attempts reset.
    pub async fn reset(&self, reason: &str) -> Result<OperatedTask> {
        self.operate(&operation(StepActionName::ResetForRetry, reason)).await
    }

    /// Declares the step done without a result.
    pub async fn resolve(&self, reason: &str) -> Result<OperatedTask> {
        self.operate(&operation(StepActionName::ResolveManually, reason)).await
    }

    /// Completes the step with this result. Fails with `invalid_result` if it does not fit the step's schema. Decisions and
    /// batches need more: see [`StepHandle::operate`].
    pub async fn complete(&self, result: &(impl Serialize + ?Sized), reason: &str) -> Result<OperatedTask> {
        let result = Document::new(result)
            .map_err(|error| Error::Invalid(format!("the result has no JSON form: {error}")))?;
        let operation =
            StepOperation { result: Some(result), ..operation(StepActionName::CompleteManually, reason) };
        self.operate(&operation).await
    }

    /// Any operation on the step. Fails with `not_possible` if its state does not allow it.
    pub async fn operate(&self, operation: &StepOperation) -> Result<OperatedTask> {
        self.route(Method::PATCH, &[]).json(operation).send().await
    }

    /// The record of each execution: its usage, logs and failure. Needs `tasks:context_read` for its details.
    pub fn attempts(&self) -> List<AttemptRecord> {
        self.task.list(&[STEPS, &self.step, "attempts"])
    }

    /// The record of the last execution with this attempt. Fails with `no_such_step` if there is none.
    pub async fn attempt(&self, attempt: u32) -> Result<AttemptRecord> {
        self.route(Method::GET, &["attempts", &attempt.to_string()]).send().await
    }

    /// The changes of the step's state.
    pub fn audit(&self) -> List<Transition> {
        self.task.list(&[STEPS, &self.step, "audit"])
    }

    /// The log lines of ended runs. Needs `tasks:context_read`.
    pub fn logs(&self) -> List<LogEntry> {
        self.task.list(&[STEPS, &self.step, "logs"])
    }
}

fn operation(action: StepActionName, reason: &str) -> StepOperation {
    StepOperation {
        action,
        reason: reason.to_owned(),
        actor: None,
        branch: None,
        cursors: None,
        result: None,
    }
}
