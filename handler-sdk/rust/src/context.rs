//! The context of a handler: information about its step, and services of its host.

use std::{collections::BTreeMap, time::Duration};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{
    failure::Failure,
    json::{listed, read},
};

/// Information about the step, and services of the host.
#[derive(Debug, Clone)]
pub struct Context {
    pub(crate) facts: Facts,
    #[cfg(not(target_family = "wasm"))]
    pub(crate) host: crate::native_host::NativeHost,
}

/// The facts about the step. Documents are kept as JSON text.
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

    /// The number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.facts.attempt
    }

    /// The maximum number of attempts.
    pub fn max_attempts(&self) -> u32 {
        self.facts.max_attempts
    }

    /// Whether this is the last attempt, so that a failure is final.
    pub fn is_last_attempt(&self) -> bool {
        self.facts.attempt >= self.facts.max_attempts
    }

    /// The id that correlates the task with its cause. Pass it on to the systems you call.
    pub fn correlation_id(&self) -> &str {
        &self.facts.correlation_id
    }

    /// The W3C trace context of the step. Pass it on to the systems you call.
    pub fn trace_parent(&self) -> Option<&str> {
        self.facts.trace_parent.as_deref()
    }

    /// A key that is the same for every attempt of this step, for calls that must take effect only once.
    pub fn idempotency_key(&self) -> String {
        format!("{}:{}", self.facts.task_id, self.facts.step_name)
    }

    /// The task's input.
    ///
    /// # Errors
    /// A permanent `InvalidInput`; the message contains the position of the error.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        read(&self.facts.input, "InvalidInput", "the task's input")
    }

    /// The result of a dependency, by step name.
    ///
    /// # Errors
    /// A permanent `MissingDependency` if the step does not depend on it, or `InvalidDependencyResult` if the
    /// result is not a `T`.
    pub fn dependency<T: DeserializeOwned>(&self, step: &str) -> Result<T, Failure> {
        let Some((_, result)) = self.facts.dependencies.iter().find(|(name, _)| name == step) else {
            let known = listed(self.dependency_names());
            let message = format!(
                "there is no result of `{step}`; available: {}. Add `{step}` to its dependencies \
                 in the template, or set `ancestors: true`",
                if known.is_empty() { "none" } else { &known }
            );
            return Err(Failure::permanent("MissingDependency", message));
        };
        read(result, "InvalidDependencyResult", &format!("the result of `{step}`"))
    }

    /// The names of the dependencies with results, in the order of the template.
    pub fn dependency_names(&self) -> impl Iterator<Item = &str> {
        self.facts.dependencies.iter().map(|(name, _)| name.as_str())
    }

    /// The step's `handler.initialization`.
    ///
    /// # Errors
    /// A permanent `InvalidConfiguration`; the message contains the position of the error.
    pub fn configuration<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        read(&self.facts.configuration, "InvalidConfiguration", "the step's handler.initialization")
    }

    /// One key of the step's `handler.initialization`.
    ///
    /// # Errors
    /// A permanent `InvalidConfiguration` if it is missing or not a `T`.
    pub fn config<T: DeserializeOwned>(&self, key: &str) -> Result<T, Failure> {
        let whole: BTreeMap<String, Box<RawValue>> = self.configuration()?;
        let value = whole.get(key).map_or("null", |value| value.get());
        serde_json::from_str(value).map_err(|error| {
            let message = format!("`{key}` of the step's handler.initialization: {error}");
            Failure::permanent("InvalidConfiguration", message)
        })
    }

    /// The cursor of a batch worker: its slice of the work. None in other steps.
    ///
    /// # Errors
    /// A permanent `InvalidCursor`; the message contains the position of the error.
    pub fn cursor<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        self.facts.cursor.as_deref().map(|text| read(text, "InvalidCursor", "the cursor")).transpose()
    }

    /// The value of the step's last checkpoint, from this or an earlier attempt. None if it has none.
    ///
    /// # Errors
    /// A permanent `InvalidCheckpoint`; the message contains the position of the error.
    pub fn checkpoint<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        self.facts
            .checkpoint
            .as_deref()
            .map(|text| read(text, "InvalidCheckpoint", "the checkpoint"))
            .transpose()
    }

    /// An attribute that has no method here, by name. None if the host does not provide it.
    ///
    /// # Errors
    /// A permanent `InvalidAttribute`; the message contains the position of the error.
    pub fn attribute<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some((_, value)) = self.facts.attributes.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        read(value, "InvalidAttribute", &format!("the attribute `{name}`")).map(Some)
    }

    /// A secret that the template grants to this step.
    ///
    /// # Errors
    /// A permanent `SecretNotGranted` if it is not granted or the host does not have it.
    pub fn secret(&self, name: &str) -> Result<String, Failure> {
        self.host_secret(name)?.ok_or_else(|| {
            let message = format!(
                "there is no secret `{name}` for this step: grant it under `grants.secrets` in the template, and check \
                 that the host has it"
            );
            Failure::permanent("SecretNotGranted", message)
        })
    }
}

/// Services of the host. Each has a native version below, so that handlers run in ordinary tests.
#[cfg(target_family = "wasm")]
impl Context {
    /// Reports progress, for people, and that the handler is alive.
    pub fn heartbeat(&self, progress: &str) {
        crate::bindings::execution::heartbeat(Some(progress));
    }

    /// Whether the step was cancelled or its lease was lost. If so, return: the outcome no longer counts.
    pub fn cancelled(&self) -> bool {
        crate::bindings::execution::cancelled()
    }

    /// The time until the host stops this run.
    pub fn remaining_time(&self) -> Duration {
        Duration::from_millis(crate::bindings::execution::remaining_time_ms())
    }

    fn host_secret(&self, name: &str) -> Result<Option<String>, Failure> {
        crate::bindings::store::get(name)
            .map_err(|error| Failure::retryable("SecretUnavailable", format!("secret `{name}`: {error:?}")))
    }
}

/// Services of the host in tests, with the builder's values.
#[cfg(not(target_family = "wasm"))]
impl Context {
    /// Reports progress, for people, and that the handler is alive.
    pub fn heartbeat(&self, progress: &str) {
        self.host.heartbeat(progress);
    }

    /// Whether the step was cancelled or its lease was lost. If so, return: the outcome no longer counts.
    pub fn cancelled(&self) -> bool {
        self.host.cancelled
    }

    /// The time until the host stops this run.
    pub fn remaining_time(&self) -> Duration {
        self.host.remaining_time
    }

    #[allow(clippy::unnecessary_wraps)] // Same signature as in the component.
    fn host_secret(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.host.secrets.get(name).cloned())
    }
}
