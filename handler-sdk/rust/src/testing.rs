//! Contexts for ordinary tests of handlers, with a simulated host.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::Serialize;
use serde_json::Value;

use crate::{
    context::{Context, Facts},
    native_host::NativeHost,
};

#[cfg(not(target_family = "wasm"))]
pub use crate::http::native::respond_with;

impl Context {
    /// Builds a context for tests.
    pub fn builder() -> ContextBuilder {
        ContextBuilder::default()
    }
}

/// Builds a [`Context`] for tests. Everything has a usable default.
#[derive(Debug, Clone)]
pub struct ContextBuilder {
    facts: Facts,
    host: NativeHost,
}

impl Default for ContextBuilder {
    fn default() -> Self {
        Self {
            facts: Facts {
                task_id: "018f0000-0000-7000-8000-000000000000".to_owned(),
                namespace: "default".to_owned(),
                task_name: "test".to_owned(),
                task_version: "1.0.0".to_owned(),
                step_name: "test".to_owned(),
                attempt: 1,
                max_attempts: 3,
                correlation_id: "test".to_owned(),
                input: "{}".to_owned(),
                configuration: "{}".to_owned(),
                dependencies: Vec::new(),
                cursor: None,
                checkpoint: None,
                trace_parent: None,
                attributes: Vec::new(),
            },
            host: NativeHost {
                secrets: BTreeMap::new(),
                cancelled: false,
                remaining_time: Duration::from_secs(30),
                heartbeats: Arc::default(),
            },
        }
    }
}

impl ContextBuilder {
    /// Sets the name of the step.
    #[must_use]
    pub fn step_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.facts.step_name);
        self
    }

    /// Sets the number of the attempt and the maximum number of attempts.
    #[must_use]
    pub fn attempt(mut self, attempt: u32, max_attempts: u32) -> Self {
        (self.facts.attempt, self.facts.max_attempts) = (attempt, max_attempts);
        self
    }

    /// Sets the task's input.
    #[must_use]
    pub fn input(mut self, input: impl Serialize) -> Self {
        self.facts.input = json(input);
        self
    }

    /// Sets the step's `handler.initialization`.
    #[must_use]
    pub fn configuration(mut self, configuration: impl Serialize) -> Self {
        self.facts.configuration = json(configuration);
        self
    }

    /// Adds the result of a dependency.
    #[must_use]
    pub fn dependency(mut self, step: &str, result: impl Serialize) -> Self {
        self.facts.dependencies.push((step.to_owned(), json(result)));
        self
    }

    /// Sets the cursor of a batch worker.
    #[must_use]
    pub fn cursor(mut self, cursor: impl Serialize) -> Self {
        self.facts.cursor = Some(json(cursor));
        self
    }

    /// Makes the step a batch worker, with its number from 1 and the number of workers.
    #[must_use]
    pub fn batch_worker(self, worker_number: u32, total_workers: u32) -> Self {
        let metadata = serde_json::json!({
            "batch_step": "batch",
            "worker_number": worker_number,
            "total_workers": total_workers,
            "batch_size": 1000,
            "cursor_field": "id",
            "failure_strategy": "continue_on_failure",
        });
        self.attribute("batch_metadata", metadata).attribute("is_no_op", false)
    }

    /// Makes the step the placeholder worker of an empty batch.
    #[must_use]
    pub fn no_op(self) -> Self {
        self.batch_worker(1, 1).attribute("is_no_op", true)
    }

    /// Sets an attribute by name.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl Serialize) -> Self {
        self.facts.attributes.retain(|(known, _)| known != name);
        self.facts.attributes.push((name.to_owned(), json(value)));
        self
    }

    /// Sets the value of the step's last checkpoint.
    #[must_use]
    pub fn checkpoint(mut self, checkpoint: impl Serialize) -> Self {
        self.facts.checkpoint = Some(json(checkpoint));
        self
    }

    /// Adds a granted secret.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.host.secrets.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Marks the step as cancelled.
    #[must_use]
    pub fn cancelled(mut self) -> Self {
        self.host.cancelled = true;
        self
    }

    /// Sets the time until the host stops the run.
    #[must_use]
    pub fn remaining_time(mut self, time: Duration) -> Self {
        self.host.remaining_time = time;
        self
    }

    /// The progress texts that the handler reports.
    pub fn heartbeats(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.host.heartbeats)
    }

    /// Builds the context.
    pub fn build(self) -> Context {
        Context {
            facts: self.facts,
            #[cfg(not(target_family = "wasm"))]
            host: self.host,
        }
    }
}

fn json(value: impl Serialize) -> String {
    serde_json::to_value(value).unwrap_or(Value::Null).to_string()
}
