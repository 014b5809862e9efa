//! What a handler is told about the step that it runs, and what it may ask of its host.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Failure, registry::listed, testing::ContextBuilder};

/// Everything that a handler is told about the step that it runs.
#[derive(Debug, Clone)]
pub struct Context {
    pub(crate) facts: Facts,
    #[cfg(not(target_family = "wasm"))]
    pub(crate) host: crate::testing::NativeHost,
}

/// The facts, each document still the text that it came as.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) task_id: String,
    pub(crate) namespace: String,
    pub(crate) task_name: String,
    pub(crate) task_version: String,
    pub(crate) step_name: String,
    pub(crate) attempt: u32,
    pub(crate) max_attempts: u32,
    pub(crate) correlation_id: String,
    pub(crate) input: String,
    pub(crate) configuration: String,
    pub(crate) dependencies: Vec<(String, String)>,
    pub(crate) cursor: Option<String>,
    pub(crate) checkpoint: Option<String>,
    pub(crate) trace_parent: Option<String>,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Context {
    /// A context for tests.
    pub fn builder() -> ContextBuilder {
        ContextBuilder::default()
    }

    /// The task, a UUIDv7.
    pub fn task_id(&self) -> &str {
        &self.facts.task_id
    }

    /// The namespace of the task's template.
    pub fn namespace(&self) -> &str {
        &self.facts.namespace
    }

    /// The name of the task's template.
    pub fn task_name(&self) -> &str {
        &self.facts.task_name
    }

    /// The version of the task's template.
    pub fn task_version(&self) -> &str {
        &self.facts.task_version
    }

    /// The name of the step.
    pub fn step_name(&self) -> &str {
        &self.facts.step_name
    }

    /// Which attempt this is, counting from 1.
    pub fn attempt(&self) -> u32 {
        self.facts.attempt
    }

    /// How many attempts the step may have.
    pub fn max_attempts(&self) -> u32 {
        self.facts.max_attempts
    }

    /// Whether a failure now is final.
    pub fn is_last_attempt(&self) -> bool {
        self.facts.attempt >= self.facts.max_attempts
    }

    /// The id that ties the task to whatever caused it. Pass it on to the systems you call.
    pub fn correlation_id(&self) -> &str {
        &self.facts.correlation_id
    }

    /// The W3C trace context of the step. Pass it on to the systems you call.
    pub fn trace_parent(&self) -> Option<&str> {
        self.facts.trace_parent.as_deref()
    }

    /// A key that is the same for every attempt of this step, for calls that must not be made twice.
    pub fn idempotency_key(&self) -> String {
        format!("{}:{}", self.facts.task_id, self.facts.step_name)
    }

    /// The task's input.
    ///
    /// # Errors
    /// A permanent `InvalidInput` that says where it does not fit.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        read(&self.facts.input, "InvalidInput", "the task's input")
    }

    /// The result of the dependency of that name.
    ///
    /// # Errors
    /// A permanent `MissingDependency` if the step does not depend on it, or `InvalidDependencyResult` if its result
    /// is not a `T`.
    pub fn dependency<T: DeserializeOwned>(&self, step: &str) -> Result<T, Failure> {
        let Some((_, result)) = self.facts.dependencies.iter().find(|(name, _)| name == step) else {
            let known = listed(self.dependency_names());
            let message = format!(
                "there is no result of `{step}`; this step is given those of: {}. Add `{step}` to its dependencies \
                 in the template, or say `ancestors: true`",
                if known.is_empty() { "none" } else { &known }
            );
            return Err(Failure::permanent("MissingDependency", message));
        };
        read(result, "InvalidDependencyResult", &format!("the result of `{step}`"))
    }

    /// The names of the dependencies whose results are here, in the template's order.
    pub fn dependency_names(&self) -> impl Iterator<Item = &str> {
        self.facts.dependencies.iter().map(|(name, _)| name.as_str())
    }

    /// The step's `handler.initialization`, as a whole.
    ///
    /// # Errors
    /// A permanent `InvalidConfiguration` that says where it does not fit.
    pub fn configuration<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        read(&self.facts.configuration, "InvalidConfiguration", "the step's handler.initialization")
    }

    /// One key of the step's `handler.initialization`.
    ///
    /// # Errors
    /// A permanent `InvalidConfiguration` if it is missing or not a `T`.
    pub fn config<T: DeserializeOwned>(&self, key: &str) -> Result<T, Failure> {
        let mut whole: Value = self.configuration()?;
        let value = whole.get_mut(key).map_or(Value::Null, Value::take);
        serde_json::from_value(value).map_err(|error| {
            let message = format!("`{key}` of the step's handler.initialization: {error}");
            Failure::permanent("InvalidConfiguration", message)
        })
    }

    /// For a batch worker, its slice of the work.
    ///
    /// # Errors
    /// A permanent `InvalidCursor` that says where it does not fit.
    pub fn cursor<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        self.facts.cursor.as_deref().map(|text| read(text, "InvalidCursor", "the cursor")).transpose()
    }

    /// What the previous run of this attempt saved.
    ///
    /// # Errors
    /// A permanent `InvalidCheckpoint` that says where it does not fit.
    pub fn checkpoint<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        self.facts
            .checkpoint
            .as_deref()
            .map(|text| read(text, "InvalidCheckpoint", "the checkpoint"))
            .transpose()
    }

    /// A fact that has no method of its own here, by its name; none if the host does not tell it.
    ///
    /// # Errors
    /// A permanent `InvalidAttribute` that says where it does not fit.
    pub fn attribute<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some((_, value)) = self.facts.attributes.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        read(value, "InvalidAttribute", &format!("the attribute `{name}`")).map(Some)
    }

    /// A secret that the template grants to this step.
    ///
    /// # Errors
    /// A permanent `SecretNotGranted` if the template does not grant it or the host does not have it.
    pub fn secret(&self, name: &str) -> Result<String, Failure> {
        self.host_secret(name)?.ok_or_else(|| {
            let message = format!(
                "there is no secret `{name}` for this step: grant it under `grants.secrets` in the template, and see \
                 that the host has it"
            );
            Failure::permanent("SecretNotGranted", message)
        })
    }
}

/// What only the host knows. Each has a native double, so that handlers run in ordinary tests.
#[cfg(target_family = "wasm")]
impl Context {
    /// Tells how far the handler has come, for people to see, and that it is alive.
    pub fn heartbeat(&self, progress: &str) {
        crate::component::execution::heartbeat(Some(progress));
    }

    /// Whether the step was cancelled or its lease lost. If so, stop: the outcome no longer counts.
    pub fn cancelled(&self) -> bool {
        crate::component::execution::cancelled()
    }

    /// How long until the host ends this run.
    pub fn remaining_time(&self) -> Duration {
        Duration::from_millis(crate::component::execution::remaining_time_ms())
    }

    fn host_secret(&self, name: &str) -> Result<Option<String>, Failure> {
        crate::component::store::get(name)
            .map_err(|error| Failure::retryable("SecretUnavailable", format!("secret `{name}`: {error:?}")))
    }
}

/// What only the host knows, in tests: what the builder was told.
#[cfg(not(target_family = "wasm"))]
impl Context {
    /// Tells how far the handler has come, for people to see, and that it is alive.
    pub fn heartbeat(&self, progress: &str) {
        self.host.heartbeat(progress);
    }

    /// Whether the step was cancelled or its lease lost. If so, stop: the outcome no longer counts.
    pub fn cancelled(&self) -> bool {
        self.host.cancelled
    }

    /// How long until the host ends this run.
    pub fn remaining_time(&self) -> Duration {
        self.host.remaining_time
    }

    #[allow(clippy::unnecessary_wraps)] // As in the component.
    fn host_secret(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.host.secrets.get(name).cloned())
    }
}

pub(crate) fn read<T: DeserializeOwned>(text: &str, error_type: &str, what: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::permanent(error_type, format!("{what} is not what the handler expects: {error}"))
    })
}
