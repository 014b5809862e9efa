//! Reading tasks, steps, audit and catalog: the shapes that the API answers with, and the queries behind them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use sqlx::{PgPool, QueryBuilder, Row, postgres::PgRow, types::Json};
use tasker_protocol::Payload;
use tasker_transport::BlobStore;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Orchestrator,
    catalog::raw,
    effect::payload,
    error::Error,
    release::Release,
    state::{StepState, TaskState},
    template::Template,
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
    /// Where it stands.
    #[schema(value_type = String)]
    pub status: TaskState,
    /// From -100 (last) to 100 (first).
    pub priority: i16,
    /// Who asked for it.
    pub initiator: Option<String>,
    /// From where.
    pub source_system: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Ties it to whatever caused it.
    pub correlation_id: String,
    /// The correlation id of whatever caused the cause.
    pub parent_correlation_id: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// How many of its steps stand where.
    pub steps: StepCounts,
    /// Satisfied steps of all steps, 0 to 100.
    pub completion_percentage: f64,
}

/// How many steps of a task stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepCounts {
    /// All steps created so far.
    pub total: i32,
    /// Complete or resolved manually.
    pub satisfied: i32,
    /// Enqueued or in progress.
    pub running: i32,
    /// Waiting for their retry.
    pub retrying: i32,
    /// Failed for good.
    pub failed: i32,
}

/// A task with what can be said about it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskDetail {
    /// What a list says.
    #[serde(flatten)]
    pub summary: TaskSummary,
    /// Its input.
    #[schema(value_type = Object)]
    pub context: Box<RawValue>,
    /// In one word what its steps are doing.
    pub execution_status: ExecutionStatus,
    /// What to do about it.
    pub recommended_action: RecommendedAction,
    /// How it is doing.
    pub health_status: HealthStatus,
}

/// In one word what a task's steps are doing; the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// Steps have failed for good and nothing else can run.
    BlockedByFailures,
    /// Steps could run and have not started.
    HasReadySteps,
    /// Steps are running.
    Processing,
    /// All is done.
    AllComplete,
    /// Nothing can run yet.
    WaitingForDependencies,
}

/// What to do about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecommendedAction {
    /// Look at its failed steps.
    HandleFailures,
    /// See to it that hosts run.
    ExecuteReadySteps,
    /// Nothing.
    WaitForCompletion,
    /// Nothing: it is done.
    FinalizeTask,
    /// Nothing, until its dependencies are there.
    WaitForDependencies,
}

/// How a task is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Nothing has failed.
    Healthy,
    /// Something has failed and something runs.
    Recovering,
    /// Something has failed and nothing runs.
    Blocked,
}

/// A step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepDetail {
    /// The task, a UUIDv7.
    pub task_id: Uuid,
    /// The step within its task, counting from 0.
    pub step_index: u32,
    /// Its name, unique in its task.
    pub name: String,
    /// Where it stands.
    #[schema(value_type = String)]
    pub state: StepState,
    /// Names of the steps that it depends on.
    pub dependencies: Vec<String>,
    /// The handler that it runs.
    pub handler: String,
    /// The component that holds the handler, by the SHA-256 of its bytes.
    pub component: String,
    /// The attempt that it is at; 0 before the first.
    pub attempt: u32,
    /// How many it may have.
    pub max_attempts: u32,
    /// When the current attempt was enqueued.
    pub enqueued_at: Option<DateTime<Utc>>,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the next attempt is due.
    pub next_retry_at: Option<DateTime<Utc>>,
    /// The host that ran it.
    pub host: Option<String>,
    /// The handler's own word on its progress.
    pub progress: Option<String>,
    /// What it completed with.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Box<RawValue>>,
    /// Why its last failed attempt failed.
    #[schema(value_type = Option<Object>)]
    pub last_failure: Option<Box<RawValue>>,
}

/// One change of state.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Transition {
    /// The step that changed; absent when it was the task.
    pub step_index: Option<u32>,
    /// The attempt that it was at.
    pub attempt: Option<u32>,
    /// When.
    pub at: DateTime<Utc>,
    /// From which state.
    pub from_state: String,
    /// To which state.
    pub to_state: String,
    /// What caused it.
    pub event: String,
    /// Who or what did it.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
}

/// One run of a step: what it used, what it logged, why it failed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AttemptRecord {
    /// The attempt.
    pub attempt: u32,
    /// When its end was stored.
    pub at: DateTime<Utc>,
    /// The host that ran it.
    pub actor: String,
    /// Usage, logs and failure.
    #[schema(value_type = Object)]
    pub detail: Box<RawValue>,
}

/// A published template version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TemplateSummary {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub description: Option<String>,
    /// How many steps it has.
    pub steps: usize,
    /// When it was published.
    pub published_at: DateTime<Utc>,
}

/// A handler that templates can name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandlerSummary {
    /// What templates call it.
    pub callable: String,
    /// The component that holds it, by the SHA-256 of its bytes.
    pub component: String,
    /// Its name in that component.
    pub function: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its input.
    #[schema(value_type = Option<Object>)]
    pub input_schema: Option<Value>,
    /// JSON Schema of its result.
    #[schema(value_type = Option<Object>)]
    pub result_schema: Option<Value>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
}

/// Which tasks a list is about.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Only of this namespace.
    pub namespace: Option<String>,
    /// Only of this template name.
    pub name: Option<String>,
    /// Only in this state.
    pub status: Option<TaskState>,
    /// Only asked for by this one.
    pub initiator: Option<String>,
    /// Only from there.
    pub source_system: Option<String>,
}

const SUMMARY: &str = "task_id, namespace, name, version, state, priority, initiator, source_system, reason, tags, \
    correlation_id, parent_correlation_id, created_at, completed_at, steps_total, steps_satisfied, steps_running, \
    steps_retrying, steps_failed";

impl Orchestrator {
    /// Whether the database answers.
    pub async fn check_database(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Tasks, the newest first: page `page` (from 1) of `per_page`, and whether there are more.
    pub async fn list_tasks(
        &self,
        filter: &TaskFilter,
        page: u32,
        per_page: u32,
    ) -> Result<(Vec<TaskSummary>, bool), Error> {
        let mut query = QueryBuilder::new(format!("SELECT {SUMMARY} FROM tasker.tasks WHERE true"));
        let texts = [
            ("namespace", filter.namespace.as_deref()),
            ("name", filter.name.as_deref()),
            ("state", filter.status.map(TaskState::as_str)),
            ("initiator", filter.initiator.as_deref()),
            ("source_system", filter.source_system.as_deref()),
        ];
        for (column, wanted) in texts {
            if let Some(wanted) = wanted {
                query.push(format!(" AND {column} = ")).push_bind(wanted);
            }
        }
        query.push(" ORDER BY task_id DESC LIMIT ").push_bind(i64::from(per_page) + 1);
        query.push(" OFFSET ").push_bind(i64::from(page.max(1) - 1) * i64::from(per_page));
        let rows = query.build().fetch_all(&self.pool).await?;
        let more = rows.len() > per_page as usize;
        let tasks = rows.iter().take(per_page as usize).map(summary).collect::<Result<_, _>>()?;
        Ok((tasks, more))
    }

    /// One task.
    pub async fn task(&self, id: Uuid) -> Result<TaskDetail, Error> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {SUMMARY}, input::text AS input, input_blob::text AS input_blob,
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
            context: document(&self.blobs, input).await?,
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

    /// The state of a task, and nothing more.
    pub async fn task_state(&self, id: Uuid) -> Result<TaskState, Error> {
        let name: String = sqlx::query_scalar("SELECT state FROM tasker.tasks WHERE task_id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?
            .ok_or(Error::NoSuchTask(id))?;
        TaskState::from_name(&name).ok_or_else(|| Error::Damaged(format!("task {id} is in state {name}")))
    }

    /// The steps of a task, in the template's order.
    pub async fn steps(&self, task: Uuid) -> Result<Vec<StepDetail>, Error> {
        let release = self.release_of(task).await?;
        let rows = sqlx::query(
            "SELECT step_index, state, attempt, enqueued_at, started_at, finished_at, next_retry_at, host, progress,
                 result::text AS result, result_blob::text AS result_blob, last_failure::text AS last_failure
             FROM tasker.steps WHERE task_id = $1 ORDER BY step_index",
        )
        .bind(task)
        .fetch_all(&self.pool)
        .await?;
        let mut steps = Vec::with_capacity(rows.len());
        for row in &rows {
            steps.push(step(row, task, &release, &self.blobs).await?);
        }
        Ok(steps)
    }

    /// Every change of state of a task, or of one of its steps, in order.
    pub async fn transitions(&self, task: Uuid, step: Option<u32>) -> Result<Vec<Transition>, Error> {
        let rows = sqlx::query(
            "SELECT step_index, attempt, at, from_state, to_state, event, actor, reason
             FROM tasker.transitions WHERE task_id = $1 AND ($2::integer IS NULL OR step_index = $2)
             ORDER BY audit_id, position",
        )
        .bind(task)
        .bind(step.map(|step| step as i32))
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            let number =
                |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i32>, _>(column)?.map(i32::unsigned_abs));
            Ok(Transition {
                step_index: number("step_index")?,
                attempt: number("attempt")?,
                at: row.try_get("at")?,
                from_state: row.try_get("from_state")?,
                to_state: row.try_get("to_state")?,
                event: row.try_get("event")?,
                actor: row.try_get("actor")?,
                reason: row.try_get("reason")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The runs of a step that have ended, in order.
    pub async fn attempts(&self, task: Uuid, step: u32) -> Result<Vec<AttemptRecord>, Error> {
        let rows = sqlx::query(
            "SELECT attempt, at, actor, detail::text AS detail FROM tasker.audit
             WHERE task_id = $1 AND step_index = $2 AND detail IS NOT NULL ORDER BY audit_id",
        )
        .bind(task)
        .bind(step as i32)
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok(AttemptRecord {
                attempt: row.try_get::<i32, _>("attempt")?.unsigned_abs(),
                at: row.try_get("at")?,
                actor: row.try_get("actor")?,
                detail: raw(&row.try_get::<String, _>("detail")?)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// All published template versions, by name.
    pub async fn templates(&self) -> Result<Vec<TemplateSummary>, Error> {
        let rows = sqlx::query(
            "SELECT namespace, name, version, definition->>'description' AS description,
                 jsonb_array_length(definition->'steps') AS steps, published_at
             FROM tasker.templates ORDER BY namespace, name, published_at",
        )
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok(TemplateSummary {
                namespace: row.try_get("namespace")?,
                name: row.try_get("name")?,
                version: row.try_get("version")?,
                description: row.try_get("description")?,
                steps: row.try_get::<Option<i32>, _>("steps")?.unwrap_or(0).unsigned_abs() as usize,
                published_at: row.try_get("published_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// One published template version.
    pub async fn template(&self, namespace: &str, name: &str, version: &str) -> Result<Template, Error> {
        let found: Option<Json<Template>> = sqlx::query_scalar(
            "SELECT definition FROM tasker.templates WHERE namespace = $1 AND name = $2 AND version = $3",
        )
        .bind(namespace)
        .bind(name)
        .bind(version)
        .fetch_optional(&self.pool)
        .await?;
        found.map(|Json(template)| template).ok_or_else(|| Error::NoSuchTemplate {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            version: Some(version.to_owned()),
            hint: String::new(),
        })
    }

    /// All handlers that templates can name.
    pub async fn handlers(&self) -> Result<Vec<HandlerSummary>, Error> {
        list_handlers(&self.pool).await
    }

    async fn release_of(&self, task: Uuid) -> Result<std::sync::Arc<Release>, Error> {
        let id: Uuid = sqlx::query_scalar("SELECT release_id FROM tasker.tasks WHERE task_id = $1")
            .bind(task)
            .fetch_optional(&self.pool)
            .await?
            .ok_or(Error::NoSuchTask(task))?;
        let mut releases = self.catalog.releases([id].into_iter()).await?;
        releases.remove(&id).ok_or_else(|| Error::Damaged(format!("there is no release {id}")))
    }
}

async fn list_handlers(pool: &PgPool) -> Result<Vec<HandlerSummary>, Error> {
    let rows = sqlx::query(
        "SELECT h.callable, h.component, h.function, h.published_at, c.handlers
         FROM tasker.handlers h JOIN tasker.components c ON c.digest = h.component ORDER BY h.callable",
    )
    .fetch_all(pool)
    .await?;
    let read = |row: &PgRow| {
        let function: String = row.try_get("function")?;
        let Json(held): Json<Vec<crate::PublishedHandler>> = row.try_get("handlers")?;
        let described = held.into_iter().find(|handler| handler.name == function);
        let (description, input_schema, result_schema) = described
            .map(|handler| (handler.description, handler.input_schema, handler.result_schema))
            .unwrap_or_default();
        Ok(HandlerSummary {
            callable: row.try_get("callable")?,
            component: row.try_get("component")?,
            function,
            description,
            input_schema,
            result_schema,
            published_at: row.try_get("published_at")?,
        })
    };
    rows.iter().map(read).collect()
}

fn summary(row: &PgRow) -> Result<TaskSummary, Error> {
    let steps = StepCounts {
        total: row.try_get("steps_total")?,
        satisfied: row.try_get("steps_satisfied")?,
        running: row.try_get("steps_running")?,
        retrying: row.try_get("steps_retrying")?,
        failed: row.try_get("steps_failed")?,
    };
    let state: String = row.try_get("state")?;
    let share = f64::from(steps.satisfied) / f64::from(steps.total.max(1));
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
        correlation_id: row.try_get("correlation_id")?,
        parent_correlation_id: row.try_get("parent_correlation_id")?,
        created_at: row.try_get("created_at")?,
        completed_at: row.try_get("completed_at")?,
        completion_percentage: if steps.total == 0 { 100.0 } else { (share * 1000.0).round() / 10.0 },
        steps,
    })
}

fn execution_status(task: &TaskSummary, ready: bool) -> ExecutionStatus {
    match task.steps {
        StepCounts { failed: 1.., running: 0, retrying: 0, .. } => ExecutionStatus::BlockedByFailures,
        _ if ready => ExecutionStatus::HasReadySteps,
        StepCounts { running: 1.., .. } => ExecutionStatus::Processing,
        StepCounts { satisfied, total, .. } if satisfied == total => ExecutionStatus::AllComplete,
        _ => ExecutionStatus::WaitingForDependencies,
    }
}

async fn step(row: &PgRow, task: Uuid, release: &Release, blobs: &BlobStore) -> Result<StepDetail, Error> {
    let index = row.try_get::<i32, _>("step_index")?.unsigned_abs();
    let fixed = release
        .steps
        .get(index as usize)
        .ok_or_else(|| Error::Damaged(format!("release {} has no step {index}", release.id)))?;
    let state: String = row.try_get("state")?;
    let (result, blob): (Option<String>, Option<String>) =
        (row.try_get("result")?, row.try_get("result_blob")?);
    let result = if result.is_none() && blob.is_none() {
        None
    } else {
        Some(document(blobs, payload(result, blob)?).await?)
    };
    let failure: Option<String> = row.try_get("last_failure")?;
    Ok(StepDetail {
        task_id: task,
        step_index: index,
        name: fixed.name.clone(),
        state: StepState::from_name(&state).ok_or_else(|| Error::Damaged(format!("step state {state}")))?,
        dependencies: release.template.steps[index as usize].dependencies.clone(),
        handler: fixed.handler.callable.clone(),
        component: fixed.handler.component.clone(),
        attempt: row.try_get::<i32, _>("attempt")?.unsigned_abs(),
        max_attempts: fixed.max_attempts,
        enqueued_at: row.try_get("enqueued_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        next_retry_at: row.try_get("next_retry_at")?,
        host: row.try_get("host")?,
        progress: row.try_get("progress")?,
        result,
        last_failure: failure.as_deref().map(raw).transpose()?,
    })
}

/// The document itself, wherever it lies.
async fn document(blobs: &BlobStore, payload: Payload) -> Result<Box<RawValue>, Error> {
    match blobs.check_out(payload).await? {
        Payload::Inline(json) => Ok(json),
        Payload::Blob(reference) => Err(Error::Damaged(format!("blob {} was not read", reference.key))),
    }
}
