//! The template as its author writes it. These types are the format: the parser checks a file against the JSON Schema
//! derived from them, so that what is documented, what is accepted and what is read are one definition.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tasker_protocol::Grants;

/// A workflow: a DAG of steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The template's name, unique in its namespace.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Whose template it is. At most 29 characters.
    #[serde(default = "default_namespace")]
    pub namespace_name: String,
    /// Its version (semver). A published version never changes.
    pub version: String,
    /// What the workflow is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free-form: author, tags, documentation_url and whatever else helps people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// Names of the systems that the workflow works on, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_dependencies: Option<SystemDependencies>,
    /// The domain events that the workflow's steps publish.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domain_events: Vec<DomainEvent>,
    /// JSON Schema of the input. A task whose input breaks it is not created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Value>,
    /// When two requests mean the same task.
    #[serde(default)]
    pub identity_strategy: IdentityStrategy,
    /// The steps, in any order: their dependencies make the DAG.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What differs by environment (`development`, `production`, ...).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, Environment>,
    /// How long a task may take, and what happens then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
}

fn default_namespace() -> String {
    "default".to_owned()
}

/// Names of systems, for people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SystemDependencies {
    /// The system that the workflow is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// The others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secondary: Vec<String>,
}

/// A domain event that steps of the workflow publish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainEvent {
    /// The event's name.
    pub name: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

/// When two requests mean the same task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityStrategy {
    /// When template and input are equal.
    #[default]
    Strict,
    /// When template and `idempotency_key` are equal; a request must have one.
    CallerProvided,
    /// Never, unless a request gives an `idempotency_key`.
    AlwaysUnique,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The step's name, unique in its template.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// What the step does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What runs.
    pub handler: Handler,
    /// How the step takes part in the DAG. `step_type` is another name for this field.
    #[serde(default, rename = "type")]
    pub step_type: StepType,
    /// The system that the step works on, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_dependency: Option<String>,
    /// Names of the steps that must be done before. `depends_on` is another name for this field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
    /// Give the handler the results of all steps before this one, not only of its direct dependencies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ancestors: bool,
    /// What happens when an attempt fails.
    #[serde(default)]
    pub retry: Retry,
    /// How long one attempt may take, in seconds, waiting included.
    #[serde(default = "default_timeout")]
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_seconds: u64,
    /// What one attempt may use at most.
    #[serde(default)]
    pub limits: StepLimits,
    /// What the handler may reach. Everything is denied that is not granted.
    #[serde(default)]
    pub grants: Grants,
    /// Domain events that the step publishes when it ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishes_events: Vec<PublishedEvent>,
    /// How a batch is cut into workers: on its `batchable` step, or on its `batch_worker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_config: Option<BatchConfig>,
    /// Tasker's earlier limits of a single step. It has no effect here: use `timeout_seconds` and `retry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub lifecycle: Option<Map<String, Value>>,
    /// JSON Schema of the result. A result that breaks it fails the step for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_schema: Option<Value>,
}

fn default_timeout() -> u64 {
    30
}

/// What runs for a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handler {
    /// The handler's name: of a published component's handler, or any name that `tasker.toml` maps to one.
    pub callable: String,
    /// The version of the handler to run, whichever is current otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub version: Option<u32>,
    /// Tasker's earlier way to pick a method of a handler class. It has no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub method: Option<String>,
    /// Tasker's earlier way to say how a callable is found. It has no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub resolver: Option<String>,
    /// Configuration that the handler is given.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub initialization: Map<String, Value>,
}

/// How a step takes part in the DAG.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepType {
    /// It runs when its dependencies are done.
    #[default]
    Standard,
    /// It chooses which of its descendants are created.
    Decision,
    /// It waits for those of its dependencies that a decision created.
    DeferredConvergence,
    /// It cuts its work into batch workers.
    Batchable,
    /// The pattern from which batch workers are created.
    BatchWorker,
}

impl StepType {
    /// Its name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Decision => "decision",
            Self::DeferredConvergence => "deferred_convergence",
            Self::Batchable => "batchable",
            Self::BatchWorker => "batch_worker",
        }
    }
}

/// What happens when an attempt fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Whether there are further attempts at all.
    pub retryable: bool,
    /// How many attempts there may be, the first included. 0 still allows the first. `limit` is another name.
    #[schemars(range(min = 0, max = 100))]
    pub max_attempts: u32,
    /// How the waits between attempts grow.
    pub backoff: Backoff,
    /// The first wait, in milliseconds. `initial_delay`, in seconds, is another name.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub backoff_base_ms: u64,
    /// The longest wait, in milliseconds. `max_delay`, in seconds, is another name.
    #[schemars(range(min = 0, max = 86_400_000))]
    pub max_backoff_ms: u64,
    /// Whether each wait is drawn at random between nothing and its formula (full jitter).
    pub jitter: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            retryable: true,
            max_attempts: 3,
            backoff: Backoff::Exponential,
            backoff_base_ms: 1000,
            max_backoff_ms: 30_000,
            jitter: true,
        }
    }
}

/// How the waits between attempts grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// No wait.
    None,
    /// The base, twice the base, three times the base ...
    Linear,
    /// The base, doubled each time.
    Exponential,
    /// The base times 1, 1, 2, 3, 5, 8 ...
    Fibonacci,
}

impl Backoff {
    /// Its name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Linear => "linear",
            Self::Exponential => "exponential",
            Self::Fibonacci => "fibonacci",
        }
    }
}

/// What one attempt may use at most. What is not given has the host's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepLimits {
    /// Time spent computing, in milliseconds. Default 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub cpu_ms: Option<u64>,
    /// All linear memories together, in bytes. Default 134,217,728 (128 MiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 65_536, max = 4_294_967_296_u64))]
    pub memory_bytes: Option<u64>,
    /// All tables together, in elements. Default 20,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_elements: Option<u64>,
    /// Core module instances that the component may consist of. Default 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// Captured log text, in bytes. Default 65,536.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    /// The outcome in JSON, in bytes. Default 6,291,456 (6 MiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_bytes: Option<u64>,
    /// Host resources open at once. Default 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handles: Option<u32>,
}

impl StepLimits {
    /// The limits of an execution, with the defaults filled in.
    pub fn complete(&self, timeout_seconds: u64) -> tasker_protocol::Limits {
        let default = tasker_protocol::Limits::default();
        tasker_protocol::Limits {
            wall_ms: timeout_seconds * 1000,
            cpu_ms: self.cpu_ms.unwrap_or(default.cpu_ms),
            memory_bytes: self.memory_bytes.unwrap_or(default.memory_bytes),
            table_elements: self.table_elements.unwrap_or(default.table_elements),
            instances: self.instances.unwrap_or(default.instances),
            log_bytes: self.log_bytes.unwrap_or(default.log_bytes),
            result_bytes: self.result_bytes.unwrap_or(default.result_bytes),
            handles: self.handles.unwrap_or(default.handles),
        }
    }
}

/// A domain event that a step publishes when an attempt of it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedEvent {
    /// The event's name.
    #[schemars(regex(pattern = "^[a-z0-9_.]+$"))]
    pub name: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// After which endings of an attempt it is published.
    #[serde(default)]
    pub condition: EventCondition,
    /// JSON Schema of its payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// How it reaches its subscribers.
    #[serde(default)]
    pub delivery_mode: DeliveryMode,
    /// Tasker's earlier way to name the class that publishes it. It has no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub publisher: Option<String>,
}

/// After which endings of an attempt an event is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventCondition {
    /// The step completed.
    #[default]
    Success,
    /// An attempt failed, whether another follows or not.
    Failure,
    /// An attempt failed and another follows.
    RetryableFailure,
    /// The step failed for good.
    PermanentFailure,
    /// The step completed, or an attempt failed.
    Always,
}

/// How an event reaches its subscribers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// At least once, whatever crashes.
    #[default]
    Durable,
    /// At once, to whoever listens; lost on whoever does not.
    Fast,
    /// Both.
    Broadcast,
}

/// How a batch is cut into workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchConfig {
    /// How many items one worker takes, as the handlers are told: it is the batchable step's that cuts.
    #[serde(default = "default_batch_size")]
    #[schemars(range(min = 1, max = 100_000))]
    pub batch_size: u32,
    /// How many workers may be out at once.
    #[serde(default = "default_parallelism")]
    #[schemars(range(min = 1, max = 1000))]
    pub parallelism: u32,
    /// The field by which items are ordered, as the handlers are told.
    #[serde(default = "default_cursor_field")]
    pub cursor_field: String,
    /// The name of the `batch_worker` step to create workers from; the one that depends on this step when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_template: Option<String>,
    /// What a failed worker means for the others.
    #[serde(default)]
    pub failure_strategy: FailureStrategy,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            batch_size: default_batch_size(),
            parallelism: default_parallelism(),
            cursor_field: default_cursor_field(),
            worker_template: None,
            failure_strategy: FailureStrategy::default(),
        }
    }
}

fn default_batch_size() -> u32 {
    1000
}

fn default_parallelism() -> u32 {
    10
}

fn default_cursor_field() -> String {
    "id".to_owned()
}

/// What a failed worker means for the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureStrategy {
    /// They go on to the end; what converges on them waits until an operator has seen to the failed one.
    #[default]
    ContinueOnFailure,
    /// They are cancelled.
    FailFast,
    /// They go on, and what converges on them runs without the failed one, which gets a DLQ entry of its own.
    Isolate,
}

impl FailureStrategy {
    /// Its name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContinueOnFailure => "continue_on_failure",
            Self::FailFast => "fail_fast",
            Self::Isolate => "isolate",
        }
    }
}

/// What differs in one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    /// Overrides by step; the name `ALL` means every step.
    pub steps: Vec<StepOverride>,
}

/// What differs for one step in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepOverride {
    /// The step's name, or `ALL`.
    pub name: String,
    /// Configuration that is added to the step's own, key by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<HandlerOverride>,
    /// Instead of the step's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_seconds: Option<u64>,
    /// Instead of the step's own, field by field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryOverride>,
}

/// What differs about the retries of a step in one environment. What is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryOverride {
    /// Whether there are further attempts at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// How many attempts there may be, the first included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_attempts: Option<u32>,
    /// How the waits between attempts grow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// The first wait, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub backoff_base_ms: Option<u64>,
    /// The longest wait, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86_400_000))]
    pub max_backoff_ms: Option<u64>,
    /// Whether each wait is drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<bool>,
}

impl RetryOverride {
    fn apply(&self, retry: &mut Retry) {
        retry.retryable = self.retryable.unwrap_or(retry.retryable);
        retry.max_attempts = self.max_attempts.unwrap_or(retry.max_attempts);
        retry.backoff = self.backoff.unwrap_or(retry.backoff);
        retry.backoff_base_ms = self.backoff_base_ms.unwrap_or(retry.backoff_base_ms);
        retry.max_backoff_ms = self.max_backoff_ms.unwrap_or(retry.max_backoff_ms);
        retry.jitter = self.jitter.unwrap_or(retry.jitter);
    }
}

/// Configuration of a handler in one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HandlerOverride {
    /// Keys that are added, or that replace the step's own.
    pub initialization: Map<String, Value>,
}

/// How long a task may take, and what happens then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lifecycle {
    /// From creation to end. Default 1440.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 43_200))]
    pub max_duration_minutes: Option<u32>,
    /// Since anything last happened, in `waiting_for_dependencies`. Default 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_080))]
    pub max_waiting_for_dependencies_minutes: Option<u32>,
    /// Since anything last happened, in `waiting_for_retry`. Default 30, or twice the longest wait that the steps may
    /// have between attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_080))]
    pub max_waiting_for_retry_minutes: Option<u32>,
    /// Since anything last happened, in `steps_in_process`. Default 30, or twice the longest `timeout_seconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_080))]
    pub max_steps_in_process_minutes: Option<u32>,
    /// What happens to a task that has stood in one state for longer than that.
    pub staleness_action: StalenessAction,
    /// Whether a task past any of these limits ends in `error`.
    pub auto_fail_on_timeout: bool,
    /// Whether a task past `max_duration_minutes` gets a DLQ entry.
    pub auto_dlq_on_timeout: bool,
}

/// How long a task may stand, with the defaults filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifecycleLimits {
    /// From creation to end.
    pub max_duration: Duration,
    /// In `waiting_for_dependencies`.
    pub max_waiting_for_dependencies: Duration,
    /// In `waiting_for_retry`.
    pub max_waiting_for_retry: Duration,
    /// In `steps_in_process`.
    pub max_steps_in_process: Duration,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            max_duration_minutes: None,
            max_waiting_for_dependencies_minutes: None,
            max_waiting_for_retry_minutes: None,
            max_steps_in_process_minutes: None,
            staleness_action: StalenessAction::Dlq,
            auto_fail_on_timeout: false,
            auto_dlq_on_timeout: true,
        }
    }
}

/// What happens to a stale task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StalenessAction {
    /// It gets a DLQ entry, and goes on.
    #[default]
    Dlq,
    /// It gets a DLQ entry, and ends in `error`.
    Error,
    /// Nothing.
    None,
}

impl StalenessAction {
    /// Its name in templates and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dlq => "dlq",
            Self::Error => "error",
            Self::None => "none",
        }
    }
}

impl Template {
    /// What the workers of a batchable step are made from: the step that its `worker_template` names, or the one batch
    /// worker that depends on it.
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

    /// How a batchable step is cut: as it says itself, or its worker, or by default.
    pub fn batch_config_of(&self, batchable: usize) -> BatchConfig {
        let of = |step: usize| self.steps.get(step)?.batch_config.clone();
        of(batchable).or_else(|| of(self.worker_of(batchable)?)).unwrap_or_default()
    }

    /// How long a task may stand, with the defaults filled in. Where nothing is said, waits that the steps themselves
    /// allow are no standing.
    pub fn lifecycle_limits(&self) -> LifecycleLimits {
        let lifecycle = self.lifecycle.clone().unwrap_or_default();
        let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
        let longest =
            |of_step: fn(&Step) -> Duration| self.steps.iter().map(of_step).max().unwrap_or_default();
        // A handler may ask for ten times the cap.
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

    /// The template as it is in one environment: overrides for `ALL` first, then those for single steps.
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

impl StepOverride {
    fn applies_to(&self, step: &str) -> bool {
        self.name == "ALL" || self.name == step
    }

    fn apply(&self, step: &mut Step) {
        if let Some(handler) = &self.handler {
            step.handler.initialization.extend(handler.initialization.clone());
        }
        step.timeout_seconds = self.timeout_seconds.unwrap_or(step.timeout_seconds);
        if let Some(retry) = &self.retry {
            retry.apply(&mut step.retry);
        }
    }
}
