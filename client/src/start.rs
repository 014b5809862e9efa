//! Starting a task.

use reqwest::Method;
use serde::Serialize;

use crate::{
    client::Client,
    document::Document,
    error::Result,
    request::Request,
    task::TaskHandle,
    types::{CreatedTask, TaskRequest},
};

/// A task that has not been requested yet. [`Client::start`] makes it.
#[must_use = "nothing starts before `send`"]
#[derive(Debug, Clone)]
pub struct Start {
    client: Client,
    http: Request,
    task: TaskRequest,
    /// Why the input cannot be sent.
    fault: Option<String>,
}

impl Client {
    /// Starts a task of a template, `shop/order`, or `order` in the namespace `default`, with this input.
    pub fn start(&self, template: &str, input: &(impl Serialize + ?Sized)) -> Start {
        let (namespace, name) = match template.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, template),
        };
        let (context, fault) = match Document::new(input) {
            Ok(input) => (Some(input), None),
            Err(error) => (None, Some(format!("the input has no JSON form: {error}"))),
        };
        let task = TaskRequest { name: name.to_owned(), namespace, context, ..TaskRequest::default() };
        Start { client: self.clone(), http: self.route(Method::POST, &["v1", "tasks"]), task, fault }
    }
}

impl Start {
    /// Uses this version of the template instead of the latest.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.task.version = Some(version.into());
        self
    }

    /// Requests with the same key create one task: a second one fails with `duplicate_task` and names the task, or returns it
    /// after [`Start::return_existing`]. Only with a key the request is repeated when the server does not answer. Visible
    /// ASCII.
    ///
    /// Without a key, the template decides which requests are the same: by default those with the same input.
    pub fn idempotency_key(mut self, key: impl AsRef<str>) -> Self {
        self.http = self.http.idempotency_key(key);
        self
    }

    /// If the same request has already created a task, [`Start::send`] returns it instead of an error.
    pub fn return_existing(mut self) -> Self {
        self.http = self.http.query("on_duplicate", "return");
        self
    }

    /// Adds a tag to find the task by.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.task.tags.push(tag.into());
        self
    }

    /// From -100 (last) to 100 (first): the order of steps that wait for a host. Default: 0.
    pub fn priority(mut self, priority: i32) -> Self {
        self.task.priority = Some(priority);
        self
    }

    /// The reason for the request.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.task.reason = Some(reason.into());
        self
    }

    /// Who requests the task. Where keys are required, the server writes it beside the name of the key.
    pub fn initiator(mut self, initiator: impl Into<String>) -> Self {
        self.task.initiator = Some(initiator.into());
        self
    }

    /// The system that the request comes from.
    pub fn source_system(mut self, system: impl Into<String>) -> Self {
        self.task.source_system = Some(system.into());
        self
    }

    /// Links the task to its cause, across systems. Default: a new id.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.task.correlation_id = Some(id.into());
        self
    }

    /// The correlation id of the cause's own cause.
    pub fn parent_correlation_id(mut self, id: impl Into<String>) -> Self {
        self.task.parent_correlation_id = Some(id.into());
        self
    }

    /// Makes the request and the steps of the task parts of a trace: a W3C `traceparent`. Default: that of the client.
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
        let traceparent = traceparent.into();
        self.http = self.http.traceparent(&traceparent);
        self.task.traceparent = Some(traceparent);
        self
    }

    /// Creates the task.
    ///
    /// Codes of errors: `no_such_template`, `invalid_input` (with [`crate::Error::faults`]), `duplicate_task` (with
    /// [`crate::Error::task_id`]), `idempotency_key_reused`.
    pub async fn send(mut self) -> Result<TaskHandle> {
        let of_client = self.client.settings.traceparent.clone();
        self.task.traceparent = self.task.traceparent.or(of_client);
        let created: CreatedTask = self.http.json(&self.task).failed(self.fault).send().await?;
        Ok(self.client.task(created.task_id))
    }
}
