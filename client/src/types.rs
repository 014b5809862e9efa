//! The types of the API, generated from `api/openapi.json`: `UPDATE_DOCS=1 cargo test -p tasker-client --test it types`
//! writes this file.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    document::Document,
    open_enum::open_enum,
    state::{StepState, TaskState},
};

/// A request that changed something, or that was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Access {
    /// The record: higher ones are later.
    pub access_id: i64,
    /// The address of the client, or of the proxy before the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When the request was answered.
    pub at: DateTime<Utc>,
    /// The HTTP method.
    pub method: String,
    /// Whom the principal acted for, as the request says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// How it ended.
    pub outcome: AccessOutcome,
    /// The path.
    pub path: String,
    /// The permission that it needs.
    pub permission: String,
    /// Who sent it. None if its credentials were not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
    /// The reason that it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The id of the request, as in its response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Uuid>,
    /// The status of the response.
    pub status: u32,
    /// The program that sent it, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

open_enum! {
    /// How a request ended.
    pub enum AccessOutcome {
        /// `ok`.
        Ok = "ok",
        /// `denied`.
        Denied = "denied",
        /// `failed`.
        Failed = "failed",
    }
}

/// The health, as a score and its parts. Of what belongs to no namespace, only those see anything who see all
/// namespaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AnalyticsHealth {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The parts.
    pub parts: Vec<HealthPart>,
    /// The period, for failures. The other parts are as they are now.
    pub period: AnalyticsPeriod,
    /// From 0 to 100: the mean of the parts by weight.
    pub score: f64,
}

/// The period that an analysis is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AnalyticsPeriod {
    /// The length of the buckets that were added up: 1, 60 or 1440.
    pub bucket_minutes: i32,
    /// Its beginning: the one that was asked for, rounded down to whole buckets.
    pub from: DateTime<Utc>,
    /// Its end: the one that was asked for, rounded up to whole buckets, but not beyond now.
    pub to: DateTime<Utc>,
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApiKey {
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Who created it.
    pub created_by: String,
    /// When it expires. None: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// What names it: the first 8 characters after `tsk_`.
    pub key_id: String,
    /// When it was last used, to the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its name.
    pub name: String,
    /// The namespaces that it is limited to. None: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<String>>,
    /// Its permissions beside those of its roles.
    pub permissions: Vec<String>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// Its roles.
    pub roles: Vec<String>,
}

/// The record of one execution of a step: its usage, logs and failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// The host that ran it.
    pub actor: String,
    /// When its end was stored.
    pub at: DateTime<Utc>,
    /// The number of the attempt.
    pub attempt: u32,
    /// The audit record: higher ones are later.
    pub audit_id: i64,
    /// Usage, logs and failure.
    pub detail: Document,
}

/// The workers of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BatchGroup {
    /// Their number by state.
    pub by_state: BTreeMap<String, i64>,
    /// Their number.
    pub total: i64,
}

/// A step that keeps others from running.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Blocker {
    /// The reason.
    pub because: String,
    /// The step.
    pub step: String,
}

/// What takes the time in a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bottlenecks {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
    /// What to do about it, the most urgent first.
    pub recommendations: Vec<Recommendation>,
    /// What is open, and what is in use.
    pub resource_utilization: ResourceUtilization,
    /// The steps with the longest times, by p95.
    pub slow_steps: Vec<StepStatistics>,
    /// The templates with the longest times, by p95.
    pub slow_tasks: Vec<TaskStatistics>,
}

open_enum! {
    /// An action on many tasks.
    pub enum BulkAction {
        /// `cancel`.
        Cancel = "cancel",
        /// `pause`.
        Pause = "pause",
        /// `resume`.
        Resume = "resume",
        /// `redrive`.
        Redrive = "redrive",
        /// `give_up`.
        GiveUp = "give_up",
        /// `resolve_manually`.
        ResolveManually = "resolve_manually",
        /// `rerun`.
        Rerun = "rerun",
        /// `upgrade`.
        Upgrade = "upgrade",
        /// `set_tags`.
        SetTags = "set_tags",
        /// `clone`.
        Clone = "clone",
    }
}

/// The arguments of an action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BulkArguments {
    /// Of `clone`: changes of the inputs, a JSON Merge Patch (RFC 7396).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Document>,
    /// Of `rerun`: the step, by name or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Of `set_tags`: the new tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Of `upgrade` and `clone`: the template version. Default: that of each task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A task that the action of a bulk operation could not be applied to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BulkFailure {
    /// Why: a code, as in problems.
    pub code: String,
    /// Why, in words.
    pub message: String,
    /// The task.
    pub task_id: Uuid,
}

/// The number of tasks of a bulk operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BulkMatching {
    /// Whether more tasks match. The operation concerns the newest.
    pub capped: bool,
    /// Their number, at most `max`.
    pub count: i64,
}

/// An action on many tasks: a preview of it, or how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BulkOperation {
    /// The action.
    pub action: BulkAction,
    /// Who asked for it.
    pub actor: String,
    /// The arguments of the action.
    pub arguments: BulkArguments,
    /// The operation, a UUIDv7. The audit of each task names it.
    pub bulk_id: Uuid,
    /// In a preview: the token that confirms it, once, within ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it was previewed. Tasks that were created later are not concerned.
    pub created_at: DateTime<Utc>,
    /// The number of tasks that the action was applied to.
    pub done: i64,
    /// When it was complete, or stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// The number of tasks that it could not be applied to.
    pub failed: i64,
    /// The filter of its tasks, as it was understood. None if they were named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Document>,
    /// In a preview: how many of the tasks the action cannot be applied to in their present state, by reason; and
    /// how many of
    /// the named ones do not exist, as `no_such_task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impossible: Option<BTreeMap<String, i64>>,
    /// The number of its tasks at the time of the preview.
    pub matching: BulkMatching,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In a preview: the newest of the tasks, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<TaskSummary>,
    /// Its state.
    pub state: BulkState,
}

open_enum! {
    /// The state of a bulk operation.
    pub enum BulkState {
        /// `previewed`.
        Previewed = "previewed",
        /// `running`.
        Running = "running",
        /// `stopped`.
        Stopped = "stopped",
        /// `complete`.
        Complete = "complete",
    }
}

/// A change of a handler's current version. New tasks use the current version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallableOperation {
    /// Makes a version current.
    Promote {
        /// The number of the version.
        version: i32,
    },
    /// Makes the version current that was current before the last promotion.
    RollBack,
}

/// A cancelled task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CancelledTask {
    /// The number of steps that were cancelled with it.
    pub cancelled_steps: u32,
    /// The task.
    pub task_id: Uuid,
}

/// What a task would be made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckedTask {
    /// The name of its template.
    pub name: String,
    /// The namespace of its template.
    pub namespace: String,
    /// The version of its template.
    pub version: String,
}

/// A component to publish.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ComponentPublication {
    /// Lower-case hexadecimal SHA-256 of its bytes.
    pub digest: String,
    /// Its handlers.
    pub handlers: Vec<PublishedHandler>,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// A key of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConfigurationEntry {
    /// The section and the key: `server.listen`.
    pub key: String,
    /// Where the value comes from: `default`, the path of a file, or the name of an environment variable after a
    /// `$`.
    pub source: String,
    /// Its value. A secret is `***`.
    pub value: Document,
}

/// What the executions of a step used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CostItem {
    /// Their computing time, in seconds.
    pub cpu_seconds: f64,
    /// What that costs at the configured prices. None: there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<f64>,
    /// The executions that ended, those with a checkpoint included.
    pub executions: i64,
    /// Their peak memory times their time, in GiB times seconds.
    pub gib_seconds: f64,
    /// The name of the template.
    pub name: String,
    /// The namespace of the template.
    pub namespace: String,
    /// Their time in the sandbox, waiting included, in seconds.
    pub run_seconds: f64,
    /// The step.
    pub step: String,
}

/// What executions used, and what that costs at the configured prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Costs {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// Their computing time, in seconds.
    pub cpu_seconds: f64,
    /// What that costs at the configured prices. None: there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<f64>,
    /// The executions of all steps that ended.
    pub executions: i64,
    /// Their peak memory times their time, in GiB times seconds.
    pub gib_seconds: f64,
    /// The steps, those with the most computing time first.
    pub items: Vec<CostItem>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
    /// Their time in the sandbox, in seconds.
    pub run_seconds: f64,
}

/// The result of one request of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedItem {
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// The status that the request alone would have had.
    pub status: u32,
    /// The created task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Uuid>,
}

/// A created key. Nothing returns its secret again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedKey {
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Who created it.
    pub created_by: String,
    /// When it expires. None: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// What names it: the first 8 characters after `tsk_`.
    pub key_id: String,
    /// When it was last used, to the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its name.
    pub name: String,
    /// The namespaces that it is limited to. None: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<String>>,
    /// Its permissions beside those of its roles.
    pub permissions: Vec<String>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// Its roles.
    pub roles: Vec<String>,
    /// Its text, to send as `X-API-Key` or `Authorization: Bearer`.
    pub secret: String,
}

/// A created task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedTask {
    /// The task, a UUIDv7.
    pub task_id: Uuid,
}

/// The results of a batch of requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedTasks {
    /// The result of each request, in order.
    pub items: Vec<CreatedItem>,
}

/// The dependency graph of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DependencyGraph {
    /// Always empty: a template with a cycle cannot be published.
    pub cycles: Vec<Vec<String>>,
    /// The dependencies.
    pub edges: Vec<GraphEdge>,
    /// The steps, each after all that it depends on.
    pub execution_order: Vec<String>,
    /// The steps that none depends on.
    pub leaves: Vec<String>,
    /// The steps of each level: the length of the longest path to them.
    pub levels: BTreeMap<String, Vec<String>>,
    /// The steps, in the template's order.
    pub nodes: Vec<GraphNode>,
    /// The number of steps of the widest level.
    pub parallel_branches: u64,
    /// The steps that depend on none.
    pub roots: Vec<String>,
}

/// The health of the process, with details.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DetailedHealth {
    /// The condition of the services: `database`, `queue`, `blob_store`, `creations` (those that wait), and
    /// `webhook:` with a host for
    /// each that is away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<BTreeMap<String, HealthCheck>>,
    /// The number of steps that are enqueued, in progress or waiting for a retry, by state. Empty if the database
    /// does not respond.
    pub open_steps: BTreeMap<String, i64>,
    /// `ok`, `degraded` or `down`: the worst of the checks.
    pub status: String,
    /// Why tokens of the identity provider cannot be verified at present, if they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<String>,
    /// The version of Tasker.
    pub version: String,
}

/// A request to put a task into the DLQ.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DlqAddition {
    /// Who requests it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An update of many entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DlqBulkUpdate {
    /// The entries, at most 1000. Each stands for itself.
    pub dlq_entry_ids: Vec<Uuid>,
    /// The update of each.
    pub update: DlqUpdate,
}

/// The results of an update of many entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DlqBulkUpdated {
    /// The result of each, in order.
    pub items: Vec<DlqUpdated>,
}

/// A DLQ entry: a task, or an isolated step, that needs attention, with a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DlqEntry {
    /// Who created the entry.
    pub actor: String,
    /// When the entry was created.
    pub created_at: DateTime<Utc>,
    /// The id of the entry.
    pub dlq_entry_id: Uuid,
    /// The reason: `staleness_timeout`, `max_retries_exceeded`, `worker_unavailable`, `manual_dlq`.
    pub dlq_reason: String,
    /// The name of the task's template.
    pub name: String,
    /// The namespace of the task's template.
    pub namespace: String,
    /// Their note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The task's priority.
    pub priority: i32,
    /// Their notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_notes: Option<String>,
    /// The resolution: `pending`, `manually_resolved`, `permanently_failed`, `cancelled`.
    pub resolution_status: String,
    /// When it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who resolved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// The task and its steps, with their last failures, at the time of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Document>,
    /// For an isolated batch worker, its step index. None for an entry about the whole task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_index: Option<i32>,
    /// The id of the task.
    pub task_id: Uuid,
    /// The task's state at that time.
    pub task_state: TaskState,
    /// The fields that the caller may not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// The number of entries for one reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DlqStatistics {
    /// The average time to resolution, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_resolution_minutes: Option<f64>,
    /// The number cancelled with their task.
    pub cancelled: i64,
    /// The reason.
    pub dlq_reason: String,
    /// The number resolved by an operator or by the task's completion.
    pub manually_resolved: i64,
    /// When the oldest unresolved entry was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_pending: Option<DateTime<Utc>>,
    /// The number of unresolved entries.
    pub pending: i64,
    /// The number given up.
    pub permanently_failed: i64,
    /// The number of all entries.
    pub total: i64,
}

/// The new resolution of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DlqUpdate {
    /// Notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_notes: Option<String>,
    /// The resolution.
    pub resolution_status: Resolution,
    /// Who resolved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
}

/// The result of the update of one of many entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DlqUpdated {
    /// The entry.
    pub dlq_entry_id: Uuid,
    /// Why it was not updated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// The status that its update alone would have had.
    pub status: u32,
}

/// A dependency in a drawing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DrawnEdge {
    /// The step that must complete first.
    pub from: String,
    /// The kind.
    pub kind: EdgeKind,
    /// The corners of its line, from the first step's border to the other's.
    pub points: Vec<Vec<f64>>,
    /// Whether the task takes this way: both steps were created, or one will never be. None while that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<bool>,
    /// The step that depends on it.
    pub to: String,
}

/// A graph with a place for each step and a line for each dependency, from left to right. Lengths are pixels,
/// from the top
/// left corner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DrawnGraph {
    /// What follows from it.
    pub analysis: GraphAnalysis,
    /// The dependencies.
    pub edges: Vec<DrawnEdge>,
    /// The height of the drawing.
    pub height: f64,
    /// What it shows.
    pub kind: GraphKind,
    /// How it was laid out.
    pub mode: GraphMode,
    /// The steps of the template, in its order. The workers of a batch are one node.
    pub nodes: Vec<DrawnNode>,
    /// The width of the drawing.
    pub width: f64,
}

/// A step in a drawing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DrawnNode {
    /// The number of its current attempt; of batch workers, the highest.
    pub attempt: u32,
    /// Whether it was created. In a template: whether it is created with each task.
    pub created: bool,
    /// When the current attempt ended; of batch workers, the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Of batch workers: how many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<BatchGroup>,
    /// The callable of its handler.
    pub handler: String,
    /// The height.
    pub height: f64,
    /// The name of the template step.
    pub id: String,
    /// The length of the longest path to it.
    pub level: u64,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// The same, for people.
    pub name: String,
    /// When the current attempt started; of batch workers, the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// Its state. None in a template, for a step that was not created, and for batch workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StepState>,
    /// The type of the step.
    pub r#type: String,
    /// The width.
    pub width: f64,
    /// The left edge.
    pub x: f64,
    /// The top edge.
    pub y: f64,
}

open_enum! {
    /// The kind of a dependency.
    pub enum EdgeKind {
        /// `dependency`.
        Dependency = "dependency",
        /// `decision`.
        Decision = "decision",
        /// `convergence`.
        Convergence = "convergence",
        /// `batch`.
        Batch = "batch",
    }
}

/// The failures of a step with a type, all versions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorStatistics {
    /// How many attempts failed with it.
    pub count: i64,
    /// The type of the failures. `other` counts every type after the first fifty of a step in a bucket.
    pub error_type: String,
    /// The day (UTC) on which it was first seen, as far as history is kept.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen_at: DateTime<Utc>,
    /// The name of the template.
    pub name: String,
    /// The namespace of the template.
    pub namespace: String,
    /// How many in the period of the same length before.
    pub previous_count: i64,
    /// Tasks in which it was last seen, at most five.
    pub sample_tasks: Vec<Uuid>,
    /// The first published version of the template that it was seen in.
    pub since_version: String,
    /// The step.
    pub step: String,
    /// How that has changed: 0.1 is 10 % more. None: there were none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<f64>,
}

/// Failures by step and type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorTable {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// The rows.
    pub items: Vec<ErrorStatistics>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
}

/// An event on its way to a subscriber. One that has arrived is not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventDeliveryState {
    /// How often the delivery was tried.
    pub attempts: i32,
    /// The event.
    pub event_id: i64,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it is tried next. None: it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// Which dead letters to process again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EventReplay {
    /// Only those received before this one: the last of the replay before, to go on with older ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Uuid>,
    /// At most so many, up to 1000, the newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Those in these states: `unmatched`, `failed`. Default: both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<String>,
}

/// What the published triggers would do with an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventTrial {
    /// Whether it would start tasks. Otherwise it would become a dead letter.
    pub starts: bool,
    /// The result of each trigger, those that match first.
    pub triggers: Vec<TriggerTrial>,
    /// Triggers that cannot be read, each with the reason: with one of them every event becomes a dead letter.
    pub unreadable: Vec<String>,
}

/// The results of a replay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventsReplayed {
    /// The result of each, the newest first.
    pub items: Vec<Reception>,
}

open_enum! {
    /// A summary of a task's steps. The first variant that applies.
    pub enum ExecutionStatus {
        /// `blocked_by_failures`.
        BlockedByFailures = "blocked_by_failures",
        /// `has_ready_steps`.
        HasReadySteps = "has_ready_steps",
        /// `processing`.
        Processing = "processing",
        /// `all_complete`.
        AllComplete = "all_complete",
        /// `waiting_for_dependencies`.
        WaitingForDependencies = "waiting_for_dependencies",
    }
}

/// A fault of an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// What is wrong there.
    pub detail: String,
    /// Its place: a JSON Pointer (RFC 6901). Empty for the whole input.
    pub pointer: String,
}

/// What follows from a graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GraphAnalysis {
    /// The steps that failed for good and keep others from running.
    pub blocked_by: Vec<Blocker>,
    /// The chain of steps that took longest, up to now. In a template: the chain with the most steps.
    pub critical_path: Vec<String>,
    /// How long these steps ran together, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_path_seconds: Option<f64>,
    /// The steps, each after all that it depends on.
    pub execution_order: Vec<String>,
    /// The steps that none depends on.
    pub leaves: Vec<String>,
    /// The number of steps of the widest level.
    pub parallel_branches: u64,
    /// The steps that are enqueued.
    pub ready: Vec<String>,
    /// The steps that depend on none.
    pub roots: Vec<String>,
}

/// A dependency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GraphEdge {
    /// The step that must complete first.
    pub from: String,
    /// The step that depends on it.
    pub to: String,
    /// The kind.
    pub r#type: EdgeKind,
}

open_enum! {
    /// What a graph shows.
    pub enum GraphKind {
        /// `template`.
        Template = "template",
        /// `task`.
        Task = "task",
    }
}

open_enum! {
    /// How a graph was laid out.
    pub enum GraphMode {
        /// `layered`.
        Layered = "layered",
        /// `levels`.
        Levels = "levels",
    }
}

/// A step in a dependency graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GraphNode {
    /// The callable of its handler.
    pub handler: String,
    /// The name of the step.
    pub id: String,
    /// The length of the longest path to it.
    pub level: u64,
    /// The same, for people.
    pub name: String,
    /// The type of the step.
    pub r#type: String,
}

/// A template with its dependency graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandlerDetail {
    /// What depends on what.
    pub dependency_graph: DependencyGraph,
    /// When this was read.
    pub generated_at: DateTime<Utc>,
    /// The template.
    pub handler: HandlerVersionDetail,
}

/// A template with its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandlerOverview {
    /// The description of that version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The version that new tasks use.
    pub latest_version: String,
    /// Its name.
    pub name: String,
    /// The number of its steps.
    pub step_count: u64,
    /// Their names, in the template's order.
    pub step_names: Vec<String>,
    /// Its versions, oldest first.
    pub versions: Vec<String>,
}

/// A handler that templates can use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandlerSummary {
    /// The name that templates use.
    pub callable: String,
    /// The component that contains it: the SHA-256 of its bytes.
    pub component: String,
    /// The handler's description.
    pub description: String,
    /// Its name in that component.
    pub function: String,
    /// JSON Schema of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Document>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// JSON Schema of its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_schema: Option<Document>,
    /// The templates with a step that uses it, in any version, as `namespace/name`; at most 100. Only those that
    /// the caller may read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<String>,
    /// The current version.
    pub version: i32,
}

/// A published version of a callable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandlerVersion {
    /// The name that templates use.
    pub callable: String,
    /// The component that contains it: the SHA-256 of its bytes.
    pub component: String,
    /// Its name in that component.
    pub function: String,
    /// Whether new tasks use it.
    pub is_current: bool,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// The version number, from 1.
    pub version: i32,
}

/// A version of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandlerVersionDetail {
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Namespace, name and version: `namespace.name@version`.
    pub full_name: String,
    /// JSON Schema of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Document>,
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// The steps, in the template's order.
    pub step_templates: Vec<StepTemplate>,
    /// The version.
    pub version: String,
    /// All versions of the template, oldest first.
    pub versions: Vec<String>,
}

/// The names of all templates, by namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Handlers {
    /// When this was read.
    pub generated_at: DateTime<Utc>,
    /// The namespaces, sorted by name.
    pub namespaces: Vec<NamespaceHandlers>,
    /// The number of namespaces.
    pub total_namespaces: u64,
}

/// The templates of a namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandlersOfNamespace {
    /// When this was read.
    pub generated_at: DateTime<Utc>,
    /// Its templates, sorted by name.
    pub handlers: Vec<HandlerOverview>,
    /// The namespace.
    pub namespace: String,
    /// Their number.
    pub total_handlers: u64,
}

/// The health of the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Health {
    /// `ok`.
    pub status: String,
}

/// The condition of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HealthCheck {
    /// How long the service took to respond, if it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// What is to be said about it. A `breaker` that is `open` keeps calls from a service that was away several
    /// times in
    /// sequence; `half-open`, it lets the next one through.
    pub message: String,
    /// How well it does.
    pub status: ServerStatus,
}

/// A part of the health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HealthPart {
    /// The most that is good.
    pub limit: f64,
    /// `failures`, `backlog`, `staleness`, `dead_letters`, `workers` or `database`.
    pub name: String,
    /// What the value is.
    pub reason: String,
    /// From 0 to 100: 100 up to the limit, 0 from four times the limit on.
    pub score: f64,
    /// What was found.
    pub value: f64,
    /// Its weight in the score.
    pub weight: f64,
}

open_enum! {
    /// The health of a task.
    pub enum HealthStatus {
        /// `healthy`.
        Healthy = "healthy",
        /// `recovering`.
        Recovering = "recovering",
        /// `blocked`.
        Blocked = "blocked",
    }
}

/// A process that runs steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Host {
    /// How many steps it runs at once, at most.
    pub capacity: i32,
    /// Whether it can compile components.
    pub compiles: bool,
    /// How many components it had loaded.
    pub components: i32,
    /// The processor time of the process, in milliseconds, where its system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<i64>,
    /// The process.
    pub instance: Uuid,
    /// The memory of the process, in bytes, where its system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<i64>,
    /// Its name. Several processes may have the same.
    pub name: String,
    /// The operating system and the processor.
    pub platform: String,
    /// The version of Tasker.
    pub release: String,
    /// How many it ran when it was last heard of.
    pub running: i32,
    /// When it was last heard of.
    pub seen_at: DateTime<Utc>,
    /// When the process started.
    pub started_at: DateTime<Utc>,
    /// Whether it is there.
    pub status: HostPresence,
}

open_enum! {
    /// Whether a host is there.
    pub enum HostPresence {
        /// `present`.
        Present = "present",
        /// `silent`.
        Silent = "silent",
        /// `left`.
        Left = "left",
    }
}

/// A pending entry with its urgency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Investigation {
    /// Who created the entry.
    pub actor: String,
    /// When the entry was created.
    pub created_at: DateTime<Utc>,
    /// The id of the entry.
    pub dlq_entry_id: Uuid,
    /// The reason: `staleness_timeout`, `max_retries_exceeded`, `worker_unavailable`, `manual_dlq`.
    pub dlq_reason: String,
    /// The age of the entry, in minutes.
    pub minutes_in_dlq: f64,
    /// The name of the task's template.
    pub name: String,
    /// The namespace of the task's template.
    pub namespace: String,
    /// Their note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The task's priority.
    pub priority: i32,
    /// Higher is more urgent: 100 for `staleness_timeout`, 80 for `worker_unavailable`, 60 for
    /// `max_retries_exceeded`, 40
    /// for others; plus a quarter of the task's priority; plus one per hour in the DLQ, at most 24.
    pub priority_score: f64,
    /// Their notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_notes: Option<String>,
    /// The resolution: `pending`, `manually_resolved`, `permanently_failed`, `cancelled`.
    pub resolution_status: String,
    /// When it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who resolved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// The task and its steps, with their last failures, at the time of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Document>,
    /// For an isolated batch worker, its step index. None for an entry about the whole task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_index: Option<i32>,
    /// The id of the task.
    pub task_id: Uuid,
    /// The task's state at that time.
    pub task_state: TaskState,
    /// The fields that the caller may not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// A login with an API key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyLogin {
    /// The API key. The browser keeps it nowhere: the session takes its place.
    pub api_key: String,
}

/// How to rotate a key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyRotation {
    /// How long the old key stays valid, in seconds: a day by default, 30 days at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_seconds: Option<u64>,
}

/// A line that a handler logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The number of the attempt.
    pub attempt: u32,
    /// The audit record of the run: higher ones were stored later.
    pub audit_id: i64,
    /// The host that ran it.
    pub host: String,
    /// The severity.
    pub level: String,
    /// The text.
    pub message: String,
    /// The position among the lines of the run, from 1.
    pub position: i64,
    /// The name of the step.
    pub step: String,
    /// The index of the step.
    pub step_index: u32,
    /// The context that the handler gave, or `stdout` or `stderr`.
    pub target: String,
}

/// Who calls, and what it may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Me {
    /// Its permissions, each with the namespaces in which it holds; `null` for all.
    pub permissions: BTreeMap<String, Option<Vec<String>>>,
    /// Who it is.
    pub principal: Principal,
}

/// What a server is and can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Meta {
    /// How callers are authenticated: `off`, `own` (API keys, sessions, tokens), `gateway`.
    pub authentication: String,
    /// What not every server has: `grpc`, and `streams` that stay open.
    pub features: Vec<String>,
    /// Where a browser begins its login at the identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_url: Option<String>,
    /// How one logs in, beside sending credentials with each request: `key`, with an API key at `/v1/session`;
    /// `oidc`, at an
    /// identity provider by `/auth/login`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logins: Vec<String>,
    /// `tasker`.
    pub name: String,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Namespace {
    /// Whether one of these numbers is higher than that.
    pub capped: bool,
    /// The number of its tasks created in the last 24 hours, at most 10,000.
    pub created_24h: i64,
    /// The number of different handlers of steps in all versions of its templates.
    pub handler_count: i64,
    /// Its name.
    pub name: String,
    /// The number of its tasks that have not ended, at most 10,000.
    pub open_tasks: i64,
    /// The number of its templates.
    pub template_count: i64,
}

/// The names of a namespace's templates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NamespaceHandlers {
    /// The number of its templates.
    pub handler_count: u64,
    /// Their names, sorted.
    pub handlers: Vec<String>,
    /// The namespace.
    pub name: String,
}

/// A request for a key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewKey {
    /// When it expires, at most in 366 days. None: in 90 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Its name, which the audit shows: letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// The namespaces that it is limited to. None: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<String>>,
    /// Whether it never expires.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_expiry: bool,
    /// Its permissions beside those of its roles: `tasks:read`, `tasks:*`, `tasks:read@shop`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// Its roles: `viewer`, `auditor`, `submitter`, `operator`, `publisher`, `admin`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// The state of a task after an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OperatedTask {
    /// The state.
    pub status: TaskState,
    /// The task.
    pub task_id: Uuid,
}

open_enum! {
    /// The order of a list of tasks.
    pub enum Order {
        /// `desc`.
        Desc = "desc",
        /// `asc`.
        Asc = "asc",
    }
}

/// How much was done in a period, how fast and how well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Performance {
    /// The tasks that are open now, at most 100,000.
    pub active_tasks: i64,
    /// The beginning of the period.
    pub analysis_period_start: DateTime<Utc>,
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// The average time of an execution of a step, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_step_duration_seconds: Option<f64>,
    /// The average time from creation to completion, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_task_duration_seconds: Option<f64>,
    /// How often a task was blocked by failures.
    pub blocked_tasks: i64,
    /// When this was calculated.
    pub calculated_at: DateTime<Utc>,
    /// The tasks that were cancelled.
    pub cancelled_tasks: i64,
    /// How they have changed.
    pub change: PerformanceChange,
    /// The tasks that completed.
    pub completed_tasks: i64,
    /// The part of the ended tasks that completed.
    pub completion_rate: f64,
    /// The part, of the tasks that ended or were blocked, that failed or were blocked.
    pub error_rate: f64,
    /// The tasks that ended in `error`.
    pub failed_tasks: i64,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
    /// The figures of the period of the same length before.
    pub previous: PerformanceFigures,
    /// The tasks that were resolved by hand.
    pub resolved_tasks: i64,
    /// The attempts of steps that ended.
    pub step_attempts: i64,
    /// The times of executions of steps, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_duration: Option<Quantiles>,
    /// The attempts of steps that failed.
    pub step_failures: i64,
    /// The times of steps from enqueued to started, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_wait: Option<Quantiles>,
    /// The steps that succeeded, for each hour of the period.
    pub steps_per_hour: f64,
    /// The score of the health, from 0 to 100.
    pub system_health_score: f64,
    /// The times of tasks from creation to completion, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_duration: Option<Quantiles>,
    /// The tasks that were created, for each hour of the period.
    pub tasks_per_hour: f64,
    /// The tasks that were created.
    pub total_tasks: i64,
}

/// How the figures have changed, as a part of those before: 0.1 is 10 % more. None where there was nothing
/// before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PerformanceChange {
    /// Of the part of tasks that failed or were blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_rate: Option<f64>,
    /// Of the time that 95 of 100 executions do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_p95: Option<f64>,
    /// Of the steps that succeeded in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_per_hour: Option<f64>,
    /// Of the time that 95 of 100 tasks do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_p95: Option<f64>,
    /// Of the tasks created in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks_per_hour: Option<f64>,
}

/// The figures of a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PerformanceFigures {
    /// The average time of an execution of a step, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_step_duration_seconds: Option<f64>,
    /// The average time from creation to completion, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_task_duration_seconds: Option<f64>,
    /// How often a task was blocked by failures.
    pub blocked_tasks: i64,
    /// The tasks that were cancelled.
    pub cancelled_tasks: i64,
    /// The tasks that completed.
    pub completed_tasks: i64,
    /// The part of the ended tasks that completed.
    pub completion_rate: f64,
    /// The part, of the tasks that ended or were blocked, that failed or were blocked.
    pub error_rate: f64,
    /// The tasks that ended in `error`.
    pub failed_tasks: i64,
    /// The tasks that were resolved by hand.
    pub resolved_tasks: i64,
    /// The attempts of steps that ended.
    pub step_attempts: i64,
    /// The times of executions of steps, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_duration: Option<Quantiles>,
    /// The attempts of steps that failed.
    pub step_failures: i64,
    /// The times of steps from enqueued to started, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_wait: Option<Quantiles>,
    /// The steps that succeeded, for each hour of the period.
    pub steps_per_hour: f64,
    /// The times of tasks from creation to completion, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_duration: Option<Quantiles>,
    /// The tasks that were created, for each hour of the period.
    pub tasks_per_hour: f64,
    /// The tasks that were created.
    pub total_tasks: i64,
}

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Principal {
    /// What identifies it, because names may repeat: the id of a key, the `sub` of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The kind.
    pub kind: PrincipalKind,
    /// The name: of the key, or of the user of this machine.
    pub name: String,
}

open_enum! {
    /// The kind of a principal.
    pub enum PrincipalKind {
        /// `local`.
        Local = "local",
        /// `key`.
        Key = "key",
        /// `user`.
        User = "user",
        /// `gateway`.
        Gateway = "gateway",
        /// `iam`.
        Iam = "iam",
    }
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// A stable code, for programs.
    pub code: ProblemCode,
    /// What happened and what to do.
    pub detail: String,
    /// Each fault of an input, if it has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// The request: `urn:tasker:request:` and its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The status of the response.
    pub status: u32,
    /// The existing task, if the same request has already created one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Uuid>,
    /// What the code means.
    pub title: String,
    /// `urn:tasker:error:` and the code.
    pub r#type: String,
}

open_enum! {
    /// A stable code, for programs.
    pub enum ProblemCode {
        /// `invalid_request`.
        InvalidRequest = "invalid_request",
        /// `invalid_event`.
        InvalidEvent = "invalid_event",
        /// `query_too_broad`.
        QueryTooBroad = "query_too_broad",
        /// `page_too_deep`.
        PageTooDeep = "page_too_deep",
        /// `unauthenticated`.
        Unauthenticated = "unauthenticated",
        /// `forbidden`.
        Forbidden = "forbidden",
        /// `login_refused`.
        LoginRefused = "login_refused",
        /// `origin_refused`.
        OriginRefused = "origin_refused",
        /// `no_such_route`.
        NoSuchRoute = "no_such_route",
        /// `no_such_task`.
        NoSuchTask = "no_such_task",
        /// `no_such_step`.
        NoSuchStep = "no_such_step",
        /// `no_such_namespace`.
        NoSuchNamespace = "no_such_namespace",
        /// `no_such_template`.
        NoSuchTemplate = "no_such_template",
        /// `no_such_handler`.
        NoSuchHandler = "no_such_handler",
        /// `no_such_subscription`.
        NoSuchSubscription = "no_such_subscription",
        /// `no_such_dlq_entry`.
        NoSuchDlqEntry = "no_such_dlq_entry",
        /// `no_such_key`.
        NoSuchKey = "no_such_key",
        /// `no_such_session`.
        NoSuchSession = "no_such_session",
        /// `no_such_trigger`.
        NoSuchTrigger = "no_such_trigger",
        /// `no_such_event`.
        NoSuchEvent = "no_such_event",
        /// `no_such_bulk`.
        NoSuchBulk = "no_such_bulk",
        /// `metrics_off`.
        MetricsOff = "metrics_off",
        /// `no_such_method`.
        NoSuchMethod = "no_such_method",
        /// `duplicate_task`.
        DuplicateTask = "duplicate_task",
        /// `already_ended`.
        AlreadyEnded = "already_ended",
        /// `not_possible`.
        NotPossible = "not_possible",
        /// `confirm_expired`.
        ConfirmExpired = "confirm_expired",
        /// `precondition_failed`.
        PreconditionFailed = "precondition_failed",
        /// `version_taken`.
        VersionTaken = "version_taken",
        /// `payload_too_large`.
        PayloadTooLarge = "payload_too_large",
        /// `unsupported_media_type`.
        UnsupportedMediaType = "unsupported_media_type",
        /// `host_refused`.
        HostRefused = "host_refused",
        /// `invalid_input`.
        InvalidInput = "invalid_input",
        /// `invalid_result`.
        InvalidResult = "invalid_result",
        /// `invalid_template`.
        InvalidTemplate = "invalid_template",
        /// `invalid_trigger`.
        InvalidTrigger = "invalid_trigger",
        /// `unknown_handler`.
        UnknownHandler = "unknown_handler",
        /// `unknown_component`.
        UnknownComponent = "unknown_component",
        /// `idempotency_key_reused`.
        IdempotencyKeyReused = "idempotency_key_reused",
        /// `too_many_requests`.
        TooManyRequests = "too_many_requests",
        /// `response_too_large`.
        ResponseTooLarge = "response_too_large",
        /// `auth_unavailable`.
        AuthUnavailable = "auth_unavailable",
        /// `overloaded`.
        Overloaded = "overloaded",
        /// `internal`.
        Internal = "internal",
        /// `unavailable`.
        Unavailable = "unavailable",
    }
}

open_enum! {
    /// The result of publishing a template.
    pub enum Publication {
        /// `published`.
        Published = "published",
        /// `unchanged`.
        Unchanged = "unchanged",
    }
}

/// What a publication did, or would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PublicationReport {
    /// The digests of the components whose bytes are not in the blob store. Nothing is published while there are
    /// any.
    pub missing_components: Vec<String>,
    /// The templates, in the bundle's order.
    pub templates: Vec<PublishedPart>,
    /// The triggers, in the bundle's order.
    pub triggers: Vec<PublishedPart>,
}

/// What to publish. Parts that are published already, with the same content, stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PublicationRequest {
    /// Additional names of handlers: from the name to the handler, or to `<digest>/<handler>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aliases: Option<BTreeMap<String, String>>,
    /// The components, whose bytes are in the blob store, and their handlers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentPublication>,
    /// Whether new tasks use the published versions of handlers, which needs `handlers:promote`. A handler that
    /// has no version
    /// yet is used in any case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promote: bool,
    /// The templates, as in their files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<Document>,
    /// The triggers, as in their files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Document>,
}

/// A written event and the state of its deliveries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Published {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Why it was rejected. None if it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The id of the event; later events have higher ids.
    pub event_id: i64,
    /// The number of deliveries that were given up.
    pub failed_deliveries: i64,
    /// The error of the last failed delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The event's name.
    pub name: String,
    /// The number of deliveries that are not yet done.
    pub pending_deliveries: i64,
    /// When it was processed: its deliveries were created, or it was rejected with an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
    /// The task.
    pub task_id: Uuid,
}

/// A handler of a component, as the component describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PublishedHandler {
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Document>,
    /// Its name.
    pub name: String,
    /// JSON Schema of its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_schema: Option<Document>,
}

/// A template or a trigger of a publication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PublishedPart {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Whether it is new.
    pub outcome: Publication,
    /// Of a template: its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Times of which half, 95 of 100 and 99 of 100 are not longer, in seconds, within 5 %.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quantiles {
    /// The median.
    pub p50: f64,
    /// 95 of 100 are not longer.
    pub p95: f64,
    /// 99 of 100 are not longer.
    pub p99: f64,
}

/// How many messages a queue holds, approximately. Of a queue in PostgreSQL, only the oldest 100,000 are
/// counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct QueueDepth {
    /// The messages that nobody may receive yet, such as timers of retries.
    pub delayed: u64,
    /// The messages that were received and are not acknowledged, or wait to be received again.
    pub in_flight: u64,
    /// `steps`, the work for hosts, or `reports`, what comes back from them.
    pub name: String,
    /// For how long the oldest of those that wait has been there, in seconds. SQS does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_seconds: Option<f64>,
    /// The messages that wait to be received.
    pub ready: u64,
}

/// A received event and its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReceivedEvent {
    /// The event itself, only in responses about one event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Document>,
    /// The id of the event at its source.
    pub id: String,
    /// Why it is a dead letter, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When its first copy was received.
    pub received_at: DateTime<Utc>,
    /// The id of the event, derived from its source and id.
    pub received_id: Uuid,
    /// When it was last replayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed_at: Option<DateTime<Utc>>,
    /// The source of the event.
    pub source: String,
    /// The state.
    pub state: ReceptionState,
    /// The tasks that it started.
    pub tasks: Vec<StartedTask>,
    /// The type of the event.
    pub r#type: String,
}

/// The result of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reception {
    /// Whether the event was received before. Then this is the recorded result.
    pub duplicate: bool,
    /// The id of the event at its source.
    pub id: String,
    /// Why it is a dead letter, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The id of the event, derived from its source and id.
    pub received_id: Uuid,
    /// The source of the event.
    pub source: String,
    /// The result.
    pub state: ReceptionState,
    /// The tasks that it started.
    pub tasks: Vec<StartedTask>,
}

open_enum! {
    /// The state of a received event.
    pub enum ReceptionState {
        /// `started`.
        Started = "started",
        /// `unmatched`.
        Unmatched = "unmatched",
        /// `failed`.
        Failed = "failed",
    }
}

/// What to do, about what, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recommendation {
    /// The rule.
    pub code: String,
    /// The numbers that it follows from.
    pub evidence: BTreeMap<String, f64>,
    /// Where the API shows more.
    pub href: String,
    /// How urgent it is.
    pub severity: Severity,
    /// A step, `namespace/name.step`, a template, `namespace/name`, or a part of the system.
    pub subject: String,
    /// What was found, and what to do.
    pub text: String,
}

open_enum! {
    /// The recommended action for a task.
    pub enum RecommendedAction {
        /// `handle_failures`.
        HandleFailures = "handle_failures",
        /// `execute_ready_steps`.
        ExecuteReadySteps = "execute_ready_steps",
        /// `wait_for_completion`.
        WaitForCompletion = "wait_for_completion",
        /// `finalize_task`.
        FinalizeTask = "finalize_task",
        /// `wait_for_dependencies`.
        WaitForDependencies = "wait_for_dependencies",
    }
}

open_enum! {
    /// The resolutions of a DLQ entry that an operator can set.
    pub enum Resolution {
        /// `pending`.
        Pending = "pending",
        /// `manually_resolved`.
        ManuallyResolved = "manually_resolved",
        /// `permanently_failed`.
        PermanentlyFailed = "permanently_failed",
        /// `cancelled`.
        Cancelled = "cancelled",
        /// `requeue`.
        Requeue = "requeue",
    }
}

/// What is open, and what is in use. Of what belongs to no namespace, only those see anything who see all
/// namespaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceUtilization {
    /// The most that it may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_connections_max: Option<u32>,
    /// The connections of the server that answers, to the database, that are in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_connections_used: Option<u32>,
    /// The steps that are enqueued, in progress or waiting for a retry, by state: at most 100,000 together.
    pub open_steps: BTreeMap<String, i64>,
    /// The open tasks by state, at most 100,000 of each.
    pub open_tasks: BTreeMap<String, i64>,
    /// How much waits in the queues.
    pub queues: Vec<QueueDepth>,
    /// How many steps the hosts that are there run at once, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_capacity: Option<i64>,
    /// How many they ran when they were last heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_running: Option<i64>,
    /// The hosts that are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers_present: Option<i64>,
    /// The hosts that have said nothing for a minute and a half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers_silent: Option<i64>,
}

/// The retries of a step of a template, all versions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RetryStatistics {
    /// The attempts that ended.
    pub attempts: i64,
    /// The attempts that it took for each success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts_per_success: Option<f64>,
    /// The failures that no further attempt followed.
    pub given_up: i64,
    /// The name of the template.
    pub name: String,
    /// The namespace of the template.
    pub namespace: String,
    /// The retries that became due.
    pub retries: i64,
    /// Retries for each attempt.
    pub retry_rate: f64,
    /// The step.
    pub step: String,
    /// The steps that the first attempt completed.
    pub succeeded_first: i64,
    /// The steps that a later attempt completed.
    pub succeeded_later: i64,
    /// The steps that the second attempt completed.
    pub succeeded_second: i64,
    /// How long retries waited until they were due, in seconds.
    pub waited_seconds: f64,
}

/// The steps with retries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RetryTable {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// The rows.
    pub items: Vec<RetryStatistics>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
}

open_enum! {
    /// How well a service does.
    pub enum ServerStatus {
        /// `ok`.
        Ok = "ok",
        /// `degraded`.
        Degraded = "degraded",
        /// `down`.
        Down = "down",
    }
}

/// A session, without what its client sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// The address that the login came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// The API key that it was made from, with which it ends. None: a login at the identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// When it was last used, to the minute. It ends an hour after.
    pub last_used_at: DateTime<Utc>,
    /// Who has logged in.
    pub principal: Principal,
    /// What names it.
    pub session_id: Uuid,
    /// The program that logged in, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

open_enum! {
    /// How urgent a recommendation is.
    pub enum Severity {
        /// `info`.
        Info = "info",
        /// `warning`.
        Warning = "warning",
        /// `critical`.
        Critical = "critical",
    }
}

/// A task that has not ended, and the time since its last event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Staleness {
    /// `healthy` below 80 % of the threshold, then `warning`; `stale` from the threshold on.
    pub health_status: String,
    /// Whether the task has exceeded its template's `max_duration_minutes`.
    pub is_overdue: bool,
    /// The time since the task's last event, in minutes.
    pub minutes_in_state: f64,
    /// The time since the task's creation, in minutes.
    pub minutes_since_creation: f64,
    /// The name of its template.
    pub name: String,
    /// The namespace of its template.
    pub namespace: String,
    /// The state of the task.
    pub status: TaskState,
    /// The task.
    pub task_id: Uuid,
    /// The maximum of that time, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_minutes: Option<f64>,
}

/// A task that this event, or an earlier event with the same key, started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StartedTask {
    /// The task.
    pub task_id: Uuid,
    /// The trigger: `namespace/name`.
    pub trigger: String,
    /// The trigger's version.
    pub version: i32,
}

open_enum! {
    /// The operations on steps.
    pub enum StepActionName {
        /// `reset_for_retry`.
        ResetForRetry = "reset_for_retry",
        /// `resolve_manually`.
        ResolveManually = "resolve_manually",
        /// `complete_manually`.
        CompleteManually = "complete_manually",
    }
}

/// The number of a task's steps by state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepCounts {
    /// Failed for good, or cancelled with their batch.
    pub failed: i32,
    /// Failed for good and isolated: their batch continues without them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolated: Option<i32>,
    /// Waiting for a retry.
    pub retrying: i32,
    /// Enqueued or in progress.
    pub running: i32,
    /// Complete or resolved manually.
    pub satisfied: i32,
    /// All steps created so far.
    pub total: i32,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepDetail {
    /// The number of the current attempt; 0 before the first.
    pub attempt: u32,
    /// The last checkpoint, while the step is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Document>,
    /// The last ten checkpoints: number, attempt, time, host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_history: Option<Document>,
    /// The number of saved checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<u32>,
    /// The component that contains the handler: the SHA-256 of its bytes.
    pub component: String,
    /// For a batch worker: its cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Document>,
    /// The template steps that it depends on, as far as they were created.
    pub dependencies: Vec<String>,
    /// When the current attempt was enqueued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enqueued_at: Option<DateTime<Utc>>,
    /// How often the step was enqueued: attempts, and resumptions from checkpoints.
    pub execution: u32,
    /// When the current attempt ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// The callable of its handler.
    pub handler: String,
    /// The host that ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whether the step failed and its batch continues without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub isolated: bool,
    /// The failure of the last failed attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Document>,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// Its name, unique in its task.
    pub name: String,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_retry_at: Option<DateTime<Utc>>,
    /// The progress that the handler last reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// The result of the completed step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Document>,
    /// When the current attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// The state of the step.
    pub state: StepState,
    /// The step within its task, counting from 0.
    pub step_index: u32,
    /// The type of the step.
    pub step_type: String,
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The name of its template step: differs from `name` only for batch workers.
    pub template_step: String,
    /// The fields that the caller may not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// An operation on a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepOperation {
    /// The operation.
    pub action: StepActionName,
    /// Who requests it. The audit names it beside the API key that the request came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// For `complete_manually` of a decision: the names of the steps to run next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Vec<String>>,
    /// For `complete_manually` of a batchable step: one cursor per worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursors: Option<Vec<Document>>,
    /// The reason.
    pub reason: String,
    /// For `complete_manually`: the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Document>,
}

/// A step of a template, and how the steps of a task stand that are made from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepOverview {
    /// The highest attempt of them.
    pub attempt: u32,
    /// The number of steps by state: one, or all workers of a batch. Empty while none is created.
    pub by_state: BTreeMap<String, i64>,
    /// The steps that it depends on.
    pub dependencies: Vec<String>,
    /// The type of the failure that ended one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// The callable of its handler.
    pub handler: String,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// Its name.
    pub name: String,
    /// Whether it is retried.
    pub retryable: bool,
    /// Its type.
    pub r#type: String,
}

/// The executions of a step of a template, all versions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepStatistics {
    /// The average time of an execution, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_duration_seconds: Option<f64>,
    /// The average time from enqueued to started, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_wait_seconds: Option<f64>,
    /// The checkpoints that were saved.
    pub checkpoint_count: i64,
    /// The computing time of all executions, in seconds.
    pub cpu_seconds: f64,
    /// The times of executions, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Quantiles>,
    /// Those that failed.
    pub error_count: i64,
    /// The part of the attempts that failed.
    pub error_rate: f64,
    /// The attempts that ended.
    pub execution_count: i64,
    /// The failures that no further attempt followed.
    pub given_up: i64,
    /// When an execution last ended, started or became due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_executed_at: Option<DateTime<Utc>>,
    /// The attempts whose host fell silent.
    pub lost: i64,
    /// The longest time, in seconds.
    pub max_duration_seconds: f64,
    /// The name of the template.
    pub name: String,
    /// The namespace of the template.
    pub namespace: String,
    /// The attempts that exceeded another limit.
    pub over_limit: i64,
    /// The highest peak memory, in bytes.
    pub peak_memory_bytes: i64,
    /// The attempts that failed for good.
    pub permanent_failures: i64,
    /// The retries that became due.
    pub retry_count: i64,
    /// The attempts that failed and may succeed when repeated.
    pub retryable_failures: i64,
    /// The time of all its executions, as a part of the time of all completed tasks of the template from creation
    /// to end. Steps
    /// that run in parallel may exceed 1 together.
    pub share_of_task_time: f64,
    /// The step as the template names it. All workers of a batch share it.
    pub step: String,
    /// The attempts that exceeded their time.
    pub timeouts: i64,
    /// The versions of the template that ran it.
    pub versions: Vec<String>,
    /// The times from enqueued to started, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Quantiles>,
}

/// The steps that ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepTable {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// The rows.
    pub items: Vec<StepStatistics>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
}

/// A step of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepTemplate {
    /// The steps that it depends on.
    pub depends_on_steps: Vec<String>,
    /// Its purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The callable of its handler.
    pub handler: String,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// Its name.
    pub name: String,
    /// Whether it is retried.
    pub retryable: bool,
    /// The longest time for one attempt, in seconds.
    pub timeout_seconds: u64,
    /// Its type.
    pub r#type: String,
}

/// A component in the blob store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredComponent {
    /// Lower-case hexadecimal SHA-256 of its bytes.
    pub digest: String,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// A subscription to events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Subscription {
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// The name of an event, or a prefix followed by `*`.
    pub event: String,
    /// The kind of the target.
    pub kind: SubscriptionKind,
    /// The name of the subscription.
    pub name: String,
    /// The id of the subscription.
    pub subscription_id: Uuid,
    /// The target. A secret is returned only on creation.
    pub target: Document,
}

open_enum! {
    /// The kind of a subscription's target.
    pub enum SubscriptionKind {
        /// `webhook`.
        Webhook = "webhook",
        /// `queue`.
        Queue = "queue",
        /// `topic`.
        Topic = "topic",
        /// `event_bus`.
        EventBus = "event_bus",
        /// `task`.
        Task = "task",
    }
}

/// A request to subscribe to events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubscriptionRequest {
    /// The name of an event, or a prefix followed by `*`.
    pub event: String,
    /// The kind of the target.
    pub kind: SubscriptionKind,
    /// The name of the subscription.
    pub name: String,
    /// The target.
    pub target: Document,
}

/// An operator's action on a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TaskAction {
    /// Stops enqueuing steps until the task is resumed. Steps that hosts already have run to their end.
    Pause,
    /// Continues a paused task.
    Resume,
    /// Runs the failed steps again, with their attempts reset. For a task in error or blocked by failures.
    Redrive,
    /// Ends a task that is blocked by failures in `error`.
    GiveUp,
    /// Declares a task done that is blocked by failures. Its steps keep their states.
    ResolveManually,
    /// Resets a step and all steps after it, and runs them again.
    Rerun {
        /// The step, by name or number.
        step: String,
    },
    /// Moves a task without running steps to another version of its template, or to the current handlers. The DAG
    /// must be the same.
    Upgrade {
        /// The template version. Default: the task's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// Replaces the tags of a task, whatever its state.
    SetTags {
        /// The new tags.
        tags: Vec<String>,
    },
    /// Sets the priority of a task, whatever its state: of its steps that become ready from now on.
    SetPriority {
        /// From -100 (last) to 100 (first).
        priority: i32,
    },
}

/// Requests to create tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskBatch {
    /// The requests, at most 1,000. Each stands for itself: an invalid one does not concern the others.
    pub tasks: Vec<TaskRequest>,
}

/// An action on many tasks, or the confirmation of one. A confirmation has only `confirm`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskBulk {
    /// The action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<BulkAction>,
    /// Who requests it. The audit names it beside the API key that the request came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The arguments of the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<BulkArguments>,
    /// The token of a preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// The tasks: those that match. `{}` matches all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<TaskFilters>,
    /// How many tasks are concerned at most: the newest. 10,000 by default, 100,000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Or these tasks, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_ids: Option<Vec<Uuid>>,
}

/// What a followed list sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskChanges {
    /// Tasks of the list that are new or have changed.
    pub tasks: Vec<TaskSummary>,
    /// Tasks that have changed and do not match the filters, but may have before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmatched: Vec<Uuid>,
}

/// The input and the results of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskContext {
    /// Its input.
    pub input: Document,
    /// Whether there are more results than the first 1,000.
    pub is_truncated: bool,
    /// The result of each completed step, by its name. A long one is `{"$omitted": {"bytes", "href"}}`.
    pub results: BTreeMap<String, Document>,
    /// The task.
    pub task_id: Uuid,
}

/// How a copy differs from its task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskCopy {
    /// Changes of the input: a JSON Merge Patch (RFC 7396).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Document>,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The template's version. Default: that of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The number of tasks that match a filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskCount {
    /// Whether there are more. Only the newest were counted.
    pub capped: bool,
    /// Their number, at most 10,000.
    pub count: i64,
    /// The number of each group, the largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<TaskGroup>,
}

/// A task with derived status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskDetail {
    /// The search attributes of its template, with the input's values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, String>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// The percentage of satisfied steps, 0 to 100.
    pub completion_percentage: f64,
    /// The input of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Document>,
    /// Links the task to its cause, across systems.
    pub correlation_id: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// A summary of its steps' activity.
    pub execution_status: ExecutionStatus,
    /// Whether it has or had a DLQ entry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_dlq_entry: bool,
    /// The health of the task.
    pub health_status: HealthStatus,
    /// Who requested it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator: Option<String>,
    /// What the text of the search was found in: `task_id`, `template`, `tag`, `correlation_id`,
    /// `parent_correlation_id`,
    /// `initiator`, `source_system`, or the name of a search attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<String>,
    /// The name of its template.
    pub name: String,
    /// The namespace of its template.
    pub namespace: String,
    /// The correlation id of the cause's own cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_correlation_id: Option<String>,
    /// When an operator paused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<DateTime<Utc>>,
    /// From -100 (last) to 100 (first).
    pub priority: i32,
    /// The reason for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The recommended action of an operator.
    pub recommended_action: RecommendedAction,
    /// The system that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// The state of the task.
    pub status: TaskState,
    /// The number of its steps by state.
    pub steps: StepCounts,
    /// The tags of the request.
    pub tags: Vec<String>,
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The version of its template.
    pub version: String,
    /// The fields that the caller may not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// Filters of a list of tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskFilters {
    /// Only tasks with this value of a search attribute of their template: `order_id=DE-1001`. Repeat it for
    /// several that all hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attribute: Vec<String>,
    /// Only tasks with this correlation id, if their request gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Only tasks created at this time or later: RFC 3339, or how long ago (`15m`, `2h`, `7d`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_after: Option<String>,
    /// Only tasks created before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_before: Option<String>,
    /// Only tasks that ended at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_after: Option<String>,
    /// Only tasks that ended before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_before: Option<String>,
    /// Only tasks in which a step's last failure has this type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// Only tasks in which the step with this name has failed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_step: Option<String>,
    /// Only tasks that have or had a DLQ entry (`true`), or that have not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_dlq_entry: Option<bool>,
    /// Only tasks of this initiator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator: Option<String>,
    /// Only tasks of this template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only tasks of this namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Only tasks that have not ended (`true`), or that have (`false`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// `desc`, the newest first and the default, or `asc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Only tasks with this parent correlation id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_correlation_id: Option<String>,
    /// Only tasks that are paused (`true`), or that are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// Only tasks that this text finds: the beginning of a task's id (four digits or more), a part of a
    /// template's name, or a
    /// whole tag, correlation id, initiator, source system or search attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only tasks of this source system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// Only tasks in this state. Repeat it for several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<String>,
    /// Only tasks with this tag. Repeat it for tasks that have all of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tag: Vec<String>,
    /// Only tasks with one of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tag_any: Vec<String>,
    /// Only tasks of this version of their template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The tasks of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskGroup {
    /// Their number.
    pub count: i64,
    /// The state, the namespace, or the template.
    pub key: String,
}

/// An operation on a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskOperation {
    /// An operator's action on a task.
    #[serde(flatten)]
    pub action: TaskAction,
    /// Who requests it. The audit names it beside the API key that the request came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The state that the task must be in; otherwise nothing changes, and the status is 412.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_state: Option<String>,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A task and its steps, without documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskOverview {
    /// Its newest DLQ entries, without snapshots, at most 20.
    pub dlq_entries: Vec<DlqEntry>,
    /// Namespace, name and version of its template: `namespace.name@version`.
    pub full_name: String,
    /// Where the rest is: `input`, `steps`, `graph`, `timeline`, `logs`, `audit`, `template`.
    pub links: BTreeMap<String, String>,
    /// The steps of its template, in the template's order.
    pub steps: Vec<StepOverview>,
    /// The task, without its input.
    pub task: TaskDetail,
    /// The fields that the caller may not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// A request to create a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskRequest {
    /// The input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Document>,
    /// Links the task to its cause, across systems. Default: a new id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Requests with the same key create one task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Who requests the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator: Option<String>,
    /// The template's name.
    pub name: String,
    /// The template's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The correlation id of the cause's own cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_correlation_id: Option<String>,
    /// From -100 (last) to 100 (first): the order of steps that become ready together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// The reason for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The system that the request comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// Tags to find the task by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// W3C trace context for the task's steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The template's version. Default: the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The tasks of a template, all versions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskStatistics {
    /// The average time from creation to completion, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_duration_seconds: Option<f64>,
    /// The steps that succeeded, for each completed task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_step_count: Option<f64>,
    /// How often a task was blocked by failures.
    pub blocked: i64,
    /// The tasks that were cancelled.
    pub cancelled: i64,
    /// The tasks that completed.
    pub completed: i64,
    /// The tasks that were created.
    pub created: i64,
    /// The times from creation to completion, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Quantiles>,
    /// The part, of the tasks that ended or were blocked, that failed or were blocked.
    pub error_rate: f64,
    /// The tasks that ended in `error`.
    pub failed: i64,
    /// The beginning of the last bucket in which a task was created or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<DateTime<Utc>>,
    /// The longest time, in seconds.
    pub max_duration_seconds: f64,
    /// The name of the template.
    pub name: String,
    /// The namespace of the template.
    pub namespace: String,
    /// The tasks that were resolved by hand.
    pub resolved: i64,
    /// Its versions.
    pub versions: Vec<String>,
}

/// A task in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskSummary {
    /// The search attributes of its template, with the input's values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, String>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// The percentage of satisfied steps, 0 to 100.
    pub completion_percentage: f64,
    /// Links the task to its cause, across systems.
    pub correlation_id: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Whether it has or had a DLQ entry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_dlq_entry: bool,
    /// Who requested it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator: Option<String>,
    /// What the text of the search was found in: `task_id`, `template`, `tag`, `correlation_id`,
    /// `parent_correlation_id`,
    /// `initiator`, `source_system`, or the name of a search attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<String>,
    /// The name of its template.
    pub name: String,
    /// The namespace of its template.
    pub namespace: String,
    /// The correlation id of the cause's own cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_correlation_id: Option<String>,
    /// When an operator paused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<DateTime<Utc>>,
    /// From -100 (last) to 100 (first).
    pub priority: i32,
    /// The reason for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The system that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// The state of the task.
    pub status: TaskState,
    /// The number of its steps by state.
    pub steps: StepCounts,
    /// The tags of the request.
    pub tags: Vec<String>,
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The version of its template.
    pub version: String,
}

/// The templates whose tasks were created or ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskTable {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// The rows.
    pub items: Vec<TaskStatistics>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
}

/// A problem of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateProblem {
    /// A stable code, for programs.
    pub code: String,
    /// The column, from 1.
    pub column: u32,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong and how to mend it.
    pub message: String,
    /// `error`, or `warning`: the template can be published.
    pub severity: String,
    /// The name of the step, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// A published template version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateSummary {
    /// The template's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// The number of its steps.
    pub steps: u64,
    /// Its version.
    pub version: String,
}

/// Whether a template can be published, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateVerdict {
    /// Its errors and warnings, by their place.
    pub problems: Vec<TemplateProblem>,
    /// Whether it can be published, as far as its text says: handlers are not looked up.
    pub valid: bool,
}

/// A version of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateVersion {
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// The number of its tasks created in the last 24 hours.
    pub tasks_24h: i64,
    /// The version.
    pub version: String,
}

/// The versions of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateVersions {
    /// Whether more than 10,000 tasks were created in the last 24 hours. Only the newest were counted.
    pub capped: bool,
    /// The version that new tasks use.
    pub latest_version: String,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its versions, the one that was published last first.
    pub versions: Vec<TemplateVersion>,
}

/// What happened over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Throughput {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// The time between two points, in minutes.
    pub interval_minutes: i64,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
    /// The series: one, or one of each template, the one with most tasks first.
    pub series: Vec<ThroughputSeries>,
}

/// A point of a series: what happened from its time until the next point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ThroughputPoint {
    /// Its time.
    pub at: DateTime<Utc>,
    /// The tasks that completed.
    pub completed: i64,
    /// The tasks that were created.
    pub created: i64,
    /// The tasks that ended in `error` or were blocked by failures.
    pub failed: i64,
    /// The attempts of steps that ended.
    pub step_attempts: i64,
    /// The attempts of steps that failed.
    pub step_failures: i64,
}

/// A series of points, without gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ThroughputSeries {
    /// The name of the template. None: all together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The namespace of the template. None: all together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The points.
    pub points: Vec<ThroughputPoint>,
}

/// A run of a step, or what it waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TimelineEntry {
    /// The number of the attempt. An attempt with checkpoints has several runs.
    pub attempt: u32,
    /// The audit record of the run's end. None while it has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_id: Option<i64>,
    /// The computing time, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_us: Option<i64>,
    /// When it was enqueued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enqueued_at: Option<DateTime<Utc>>,
    /// Of a failed run: the type of its failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// The host that ran it, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Of a step that waits for a retry: when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_retry_at: Option<DateTime<Utc>>,
    /// The peak memory, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<i64>,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// The state in which the run left the step. If it has not ended: the current state.
    pub state: StepState,
    /// The name of the step.
    pub step: String,
    /// The index of the step.
    pub step_index: u32,
}

/// A change of state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transition {
    /// The operator or process that caused it.
    pub actor: String,
    /// When it changed.
    pub at: DateTime<Utc>,
    /// The number of the step's attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The audit record: higher ones are later.
    pub audit_id: i64,
    /// The event that caused it.
    pub event: String,
    /// The previous state.
    pub from_state: String,
    /// The position among the changes of the record.
    pub position: i32,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The name of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The index of the step; absent for a change of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_index: Option<u32>,
    /// The new state.
    pub to_state: String,
}

/// A published trigger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TriggerSummary {
    /// The trigger as written.
    pub definition: Document,
    /// When an operator disabled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<DateTime<Utc>>,
    /// Whether it starts tasks: its file enables it, and no operator has disabled it.
    pub enabled: bool,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// When this content was published.
    pub published_at: DateTime<Utc>,
    /// The version number. Each new content increments it.
    pub version: i32,
}

/// Whether a trigger is active.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TriggerSwitch {
    /// Whether it is active from now on.
    pub enabled: bool,
}

/// What a trigger would do with an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TriggerTrial {
    /// Whether it starts tasks at all.
    pub enabled: bool,
    /// If it matches: what makes a second event the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// If it matches: the input of that task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Document>,
    /// Whether its pattern matches the event.
    pub matches: bool,
    /// Each condition of its pattern: `path`, `wanted`, `found`, and whether it `holds`.
    pub pattern: Vec<Document>,
    /// If it matches: why it would start nothing all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// If it matches: the template of the task that it would create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The trigger: `namespace/name`.
    pub trigger: String,
    /// Its version.
    pub version: i32,
}
