//! The template format. The parser validates files against the JSON Schema derived from these types, so
//! documentation, validation and parsing share one definition.

mod batch;
mod environment;
mod event;
mod lifecycle;
mod retry;
mod search;
mod step;
mod written;

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::schema::{faults, validator};

pub use batch::{BatchConfig, FailureStrategy};
pub use environment::{Environment, HandlerOverride, StepOverride};
pub use event::{DeliveryMode, DomainEvent, EventCondition, PublishedEvent};
pub use lifecycle::{Lifecycle, LifecycleLimits, StalenessAction};
pub use retry::{Backoff, Retry, RetryOverride};
pub use search::SearchAttribute;
pub use step::{Handler, Step, StepLimits, StepType};
pub use written::Written;

/// A workflow: a DAG of steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The name of the template, unique in its namespace.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// The namespace of the template. At most 29 characters.
    #[serde(default = "default_namespace")]
    pub namespace_name: String,
    /// The version (semver). A published version never changes.
    pub version: String,
    /// The purpose of the workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free-form data for people: author, tags, documentation_url and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub metadata: Option<Written>,
    /// The systems that the workflow works with. Informational.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_dependencies: Option<SystemDependencies>,
    /// The domain events that the workflow's steps publish.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domain_events: Vec<DomainEvent>,
    /// The JSON Schema of the input. A task with an invalid input is not created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Value>,
    /// Values of the input that tasks are found by. At most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search_attributes: Vec<SearchAttribute>,
    /// When two requests create the same task.
    #[serde(default)]
    pub identity_strategy: IdentityStrategy,
    /// The steps, in any order. Their dependencies form the DAG.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Overrides per environment (`development`, `production`, ...).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, Environment>,
    /// Time limits of a task, and what happens when they are exceeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
}

fn default_namespace() -> String {
    "default".to_owned()
}

/// Names of external systems. Informational.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SystemDependencies {
    /// The main system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// Other systems.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secondary: Vec<String>,
}

/// When two requests create the same task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityStrategy {
    /// If template and input are equal.
    #[default]
    Strict,
    /// If template and `idempotency_key` are equal. The key is required.
    CallerProvided,
    /// Never, except if both give the same `idempotency_key`.
    AlwaysUnique,
}

impl Template {
    /// Validates an input against `input_schema`. Returns one line per violation.
    pub fn input_faults(&self, input: &Value) -> Vec<String> {
        match self.input_schema.as_ref().map(validator) {
            Some(Ok(validator)) => faults(&validator, input),
            Some(Err(error)) => vec![error],
            None => Vec::new(),
        }
    }

    /// The step that a batchable step's workers are created from: the one named in `worker_template`, else
    /// the only batch worker that depends on it.
    pub fn worker_of(&self, step: usize) -> Option<usize> {
        let batchable = self.steps.get(step).filter(|step| step.step_type == StepType::Batchable)?;
        let named = batchable.batch_config.as_ref().and_then(|config| config.worker_template.as_ref());
        let is_worker = |candidate: &Step| {
            candidate.step_type == StepType::BatchWorker && candidate.dependencies.contains(&batchable.name)
        };
        let mut workers = self.steps.iter().enumerate().filter(|(_, candidate)| match named {
            Some(name) => candidate.name == *name && candidate.step_type == StepType::BatchWorker,
            None => is_worker(candidate),
        });
        let (worker, _) = workers.next()?;
        workers.next().is_none().then_some(worker)
    }

    /// The batch configuration of a batchable step: its own, else its worker's, else the default.
    pub fn batch_config_of(&self, batchable: usize) -> BatchConfig {
        let of = |step: usize| self.steps.get(step)?.batch_config.clone();
        of(batchable).or_else(|| of(self.worker_of(batchable)?)).unwrap_or_default()
    }

    /// The time limits with defaults applied. Default limits are long enough for the waits and runs that the
    /// steps allow.
    pub fn lifecycle_limits(&self) -> LifecycleLimits {
        let lifecycle = self.lifecycle.clone().unwrap_or_default();
        let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
        let longest =
            |of_step: fn(&Step) -> Duration| self.steps.iter().map(of_step).max().unwrap_or_default();
        // A handler may request a wait of up to ten times the cap.
        let wait = longest(|step| Duration::from_millis(step.retry.max_backoff_ms.saturating_mul(10)));
        let run = longest(|step| Duration::from_secs(step.timeout_seconds));
        LifecycleLimits {
            max_duration: minutes(lifecycle.max_duration_minutes.unwrap_or(1440)),
            max_waiting_for_dependencies: minutes(
                lifecycle.max_waiting_for_dependencies_minutes.unwrap_or(60),
            ),
            max_waiting_for_retry: lifecycle
                .max_waiting_for_retry_minutes
                .map_or(minutes(30).max(wait * 2), minutes),
            max_steps_in_process: lifecycle
                .max_steps_in_process_minutes
                .map_or(minutes(30).max(run * 2), minutes),
        }
    }

    /// The template with the overrides of one environment: first those for `ALL`, then those for single
    /// steps.
    #[must_use]
    pub fn in_environment(&self, environment: &str) -> Self {
        let mut template = self.clone();
        let Some(overrides) = self.environments.get(environment) else { return template };
        let (all, single): (Vec<_>, Vec<_>) = overrides.steps.iter().partition(|change| change.name == "ALL");
        for change in all.into_iter().chain(single) {
            for step in template.steps.iter_mut().filter(|step| change.applies_to(&step.name)) {
                change.apply(step);
            }
        }
        template
    }
}
