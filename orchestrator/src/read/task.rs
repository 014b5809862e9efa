//! Queries of tasks, and their API types.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{QueryBuilder, Row, postgres::PgRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    branches::Part,
    filter::TaskFilter,
    reader::{Reader, document},
};
use crate::{
    access::scope::Scope, database::columns::payload, error::Error, labels, slice::Slice, state::TaskState,
};

/// A task in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskSummary {
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The namespace of its template.
    pub namespace: String,
    /// The name of its template.
    pub name: String,
    /// The version of its template.
    pub version: String,
    /// The state of the task.
    #[schema(value_type = String)]
    pub status: TaskState,
    /// From -100 (last) to 100 (first).
    pub priority: i16,
    /// Who requested it.
    pub initiator: Option<String>,
    /// The system that the request came from.
    pub source_system: Option<String>,
    /// The reason for the request.
    pub reason: Option<String>,
    /// The tags of the request.
    pub tags: Vec<String>,
    /// The search attributes of its template, with the input's values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// What the text of the search was found in: `task_id`, `template`, `tag`, `correlation_id`, `parent_correlation_id`,
    /// `initiator`, `source_system`, or the name of a search attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<String>,
    /// Links the task to its cause, across systems.
    pub correlation_id: String,
    /// The correlation id of the cause's own cause.
    pub parent_correlation_id: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// When an operator paused it.
    #[serde(default)]
    pub paused_at: Option<DateTime<Utc>>,
    /// Whether it has or had a DLQ entry.
    #[serde(default)]
    pub has_dlq_entry: bool,
    /// The number of its steps by state.
    pub steps: StepCounts,
    /// The percentage of satisfied steps, 0 to 100.
    pub completion_percentage: f64,
}

/// The number of a task's steps by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepCounts {
    /// All steps created so far.
    pub total: i32,
    /// Complete or resolved manually.
    pub satisfied: i32,
    /// Enqueued or in progress.
    pub running: i32,
    /// Waiting for a retry.
    pub retrying: i32,
    /// Failed for good, or cancelled with their batch.
    pub failed: i32,
    /// Failed for good and isolated: their batch continues without them.
    #[serde(default)]
    pub isolated: i32,
}

/// A task with derived status.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskDetail {
    /// The task as in a list.
    #[serde(flatten)]
    pub summary: TaskSummary,
    /// The input of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub context: Option<Box<RawValue>>,
    /// The fields that the caller may not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// A summary of its steps' activity.
    pub execution_status: ExecutionStatus,
    /// The recommended action of an operator.
    pub recommended_action: RecommendedAction,
    /// The health of the task.
    pub health_status: HealthStatus,
}

/// A summary of a task's steps. The first variant that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// Steps have failed for good and no other step can run.
    BlockedByFailures,
    /// Steps are ready and have not started.
    HasReadySteps,
    /// Steps are running.
    Processing,
    /// All steps are done.
    AllComplete,
    /// No step can run yet.
    WaitingForDependencies,
}

/// The recommended action for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecommendedAction {
    /// Inspect the failed steps.
    HandleFailures,
    /// Check that hosts are running.
    ExecuteReadySteps,
    /// None.
    WaitForCompletion,
    /// None: the task is done.
    FinalizeTask,
    /// None, until its dependencies are satisfied.
    WaitForDependencies,
}

/// The health of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// No step has failed.
    Healthy,
    /// A step has failed and others run.
    Recovering,
    /// A step has failed and none runs.
    Blocked,
}

const SUMMARY: &str = "task_id, namespace, name, version, state, priority, initiator, source_system, reason, tags, \
    labels, correlation_id, parent_correlation_id, created_at, completed_at, steps_total, steps_satisfied, steps_running, \
    steps_retrying, steps_failed, steps_isolated, paused_at, has_dlq_entry";

impl Reader {
    /// Returns tasks, newest first unless the filter says otherwise.
    pub async fn tasks(&self, filter: &TaskFilter, slice: Slice<Uuid>) -> Result<Vec<TaskSummary>, Error> {
        let branches = self.branches(filter).await?;
        let mut query = QueryBuilder::new("");
        branches.push_to(&mut query, SUMMARY, filter, &Part { after: slice.after, limit: slice.sql_limit() });
        let rows = query.build().fetch_all(&self.pool).await?;
        let found = rows.iter().map(|row| {
            let mut task = summary(row)?;
            if let Some(search) = &branches.search {
                let labels: Vec<String> = row.try_get("labels")?;
                task.matched = search.matched(task.task_id, (&task.namespace, &task.name), &labels);
            }
            Ok(task)
        });
        found.collect()
    }

    /// Returns those of these tasks that exist, newest first.
    pub(crate) async fn tasks_by_id(&self, ids: &[Uuid]) -> Result<Vec<TaskSummary>, Error> {
        let mut query =
            QueryBuilder::new(format!("SELECT {SUMMARY} FROM tasker.tasks WHERE task_id = ANY ("));
        query.push_bind(ids).push(") ORDER BY task_id DESC");
        query.build().fetch_all(&self.pool).await?.iter().map(summary).collect()
    }

    /// Returns a task.
    pub async fn task(&self, id: Uuid) -> Result<TaskDetail, Error> {
        self.read_task(id, "input::text AS input, input_blob::text AS input_blob").await
    }

    /// As [`Reader::task`], without its input.
    pub async fn task_without_input(&self, id: Uuid) -> Result<TaskDetail, Error> {
        let task = self.read_task(id, "NULL AS input, NULL AS input_blob").await?;
        Ok(TaskDetail { context: None, ..task })
    }

    async fn read_task(&self, id: Uuid, input: &str) -> Result<TaskDetail, Error> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {SUMMARY}, {input},
                 EXISTS (SELECT 1 FROM tasker.steps s WHERE s.task_id = t.task_id AND s.state = 'enqueued'
                     AND s.dispatched_at IS NULL) AS ready
             FROM tasker.tasks t WHERE task_id = $1"
        )))
        .bind(id)
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::NoSuchTask(id))?;
        let summary = summary(&row)?;
        let input = payload(row.try_get("input")?, row.try_get("input_blob")?)?;
        let execution_status = execution_status(&summary, row.try_get("ready")?);
        Ok(TaskDetail {
            context: Some(document(&self.blobs, input).await?),
            withheld: Vec::new(),
            execution_status,
            recommended_action: match execution_status {
                ExecutionStatus::BlockedByFailures => RecommendedAction::HandleFailures,
                ExecutionStatus::HasReadySteps => RecommendedAction::ExecuteReadySteps,
                ExecutionStatus::Processing => RecommendedAction::WaitForCompletion,
                ExecutionStatus::AllComplete => RecommendedAction::FinalizeTask,
                ExecutionStatus::WaitingForDependencies => RecommendedAction::WaitForDependencies,
            },
            health_status: match summary.steps {
                StepCounts { failed: 0, .. } => HealthStatus::Healthy,
                StepCounts { running: 0, .. } => HealthStatus::Blocked,
                _ => HealthStatus::Recovering,
            },
            summary,
        })
    }

    /// Returns the namespace of a task.
    ///
    /// # Errors
    /// [`Error::NoSuchTask`], also if its namespace is not in the scope.
    pub async fn namespace_of(&self, id: Uuid, scope: &Scope) -> Result<String, Error> {
        let namespace: Option<String> =
            sqlx::query_scalar("SELECT namespace FROM tasker.tasks WHERE task_id = $1")
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        namespace.filter(|namespace| scope.contains(namespace)).ok_or(Error::NoSuchTask(id))
    }

    /// Returns only the state of a task.
    pub async fn task_state(&self, id: Uuid) -> Result<TaskState, Error> {
        let name: String = sqlx::query_scalar("SELECT state FROM tasker.tasks WHERE task_id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?
            .ok_or(Error::NoSuchTask(id))?;
        TaskState::from_name(&name).ok_or_else(|| Error::Damaged(format!("task {id} is in state {name}")))
    }
}

fn summary(row: &PgRow) -> Result<TaskSummary, Error> {
    let steps = StepCounts {
        total: row.try_get("steps_total")?,
        satisfied: row.try_get("steps_satisfied")?,
        running: row.try_get("steps_running")?,
        retrying: row.try_get("steps_retrying")?,
        failed: row.try_get("steps_failed")?,
        isolated: row.try_get("steps_isolated")?,
    };
    let state: String = row.try_get("state")?;
    let share = f64::from(steps.satisfied + steps.isolated) / f64::from(steps.total.max(1));
    Ok(TaskSummary {
        task_id: row.try_get("task_id")?,
        namespace: row.try_get("namespace")?,
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        status: TaskState::from_name(&state).ok_or_else(|| Error::Damaged(format!("task state {state}")))?,
        priority: row.try_get("priority")?,
        initiator: row.try_get("initiator")?,
        source_system: row.try_get("source_system")?,
        reason: row.try_get("reason")?,
        tags: row.try_get("tags")?,
        attributes: labels::attributes(&row.try_get::<Vec<String>, _>("labels")?),
        matched: None,
        correlation_id: row.try_get("correlation_id")?,
        parent_correlation_id: row.try_get("parent_correlation_id")?,
        created_at: row.try_get("created_at")?,
        completed_at: row.try_get("completed_at")?,
        paused_at: row.try_get("paused_at")?,
        has_dlq_entry: row.try_get("has_dlq_entry")?,
        completion_percentage: if steps.total == 0 { 100.0 } else { (share * 1000.0).round() / 10.0 },
        steps,
    })
}

fn execution_status(task: &TaskSummary, ready: bool) -> ExecutionStatus {
    match task.steps {
        StepCounts { failed: 1.., running: 0, retrying: 0, .. } => ExecutionStatus::BlockedByFailures,
        _ if ready => ExecutionStatus::HasReadySteps,
        StepCounts { running: 1.., .. } => ExecutionStatus::Processing,
        StepCounts { satisfied, isolated, total, .. } if satisfied + isolated == total => {
            ExecutionStatus::AllComplete
        }
        _ => ExecutionStatus::WaitingForDependencies,
    }
}
