//! What operators do to tasks and steps: cancel, pause, drive again, resolve. Each action is one transaction that records an
//! actor and a reason and re-evaluates the task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tasker_protocol::{Ending, Payload};
use tasker_templates::template::StepType;
use uuid::Uuid;

use crate::{
    database::{columns::columns, refusal::refusal, set::sql},
    effect::Effects,
    engine::Engine,
    error::Error,
    report::{Outcome, check_result, judge},
    state::TaskState,
    text::check_signature,
};

/// Results longer than this are kept in the blob store, and not in their row.
const MAX_INLINE_RESULT: usize = 256 << 10;

/// What a request to cancel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// The task and this many of its steps were cancelled.
    Cancelled {
        /// How many steps.
        steps: u32,
    },
    /// It had already ended like this.
    AlreadyEnded(TaskState),
}

/// What an operator does to a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum TaskAction {
    /// Nothing more is enqueued until it is resumed. What hosts already have comes to its end.
    Pause,
    /// What could not be enqueued meanwhile is.
    Resume,
    /// Of a task in error or blocked by failures: what failed runs again, its attempts counted anew.
    Redrive,
    /// Of a task blocked by failures: it ends in `error`.
    GiveUp,
    /// Of a task blocked by failures: it ends as it is, declared done.
    ResolveManually,
    /// A step and all that comes after it run again, as if they never had.
    Rerun {
        /// The step, by its name or its number.
        step: String,
    },
    /// A task that has nothing running goes on with another version of its template, or with the handlers that are
    /// current now. The DAG must be the same.
    Upgrade {
        /// The template version; the task's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
}

/// What an operator does to a step.
#[derive(Debug, Clone)]
pub enum StepAction {
    /// Of a step in error: it runs again, its attempts counted anew.
    ResetForRetry,
    /// What depends on it runs, although it has no result.
    ResolveManually,
    /// What depends on it runs, with this result.
    CompleteManually(Completion),
}

/// What an operator completes a step with.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The result, held against the step's `result_schema` like any other.
    pub result: Box<RawValue>,
    /// Of a decision: the names of the steps that follow.
    pub branch: Option<Vec<String>>,
    /// Of a batchable step: one cursor for each worker.
    pub cursors: Option<Vec<Box<RawValue>>>,
}

impl Engine {
    /// Cancels a task. Handlers that are running are told, and ended after their grace time.
    pub async fn cancel(&self, task: Uuid, actor: &str, reason: Option<&str>) -> Result<Cancellation, Error> {
        check_signature(actor, reason)?;
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.cancel_task($1, $2, $3)"))
            .bind(task)
            .bind(actor)
            .bind(reason)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| refusal(error, task))?;
        let effects = Effects::read(&rows)?;
        let Some(verdict) = effects.verdicts.first() else {
            return Err(Error::Damaged(format!("the database did not say what became of task {task}")));
        };
        let cancellation = match verdict.task_state {
            Some(state) => Cancellation::AlreadyEnded(state),
            None => Cancellation::Cancelled { steps: verdict.count },
        };
        self.follow(effects).await;
        Ok(cancellation)
    }

    /// Does something to a task. Answers where it stands then.
    pub async fn operate_on_task(
        &self,
        task: Uuid,
        action: &TaskAction,
        actor: &str,
        reason: Option<&str>,
    ) -> Result<TaskState, Error> {
        check_signature(actor, reason)?;
        let name = match action {
            TaskAction::Pause => "pause",
            TaskAction::Resume => "resume",
            TaskAction::Redrive => "redrive",
            TaskAction::GiveUp => "give_up",
            TaskAction::ResolveManually => "resolve_manually",
            TaskAction::Rerun { step } => {
                let (step, _) = self.reader.find_step(task, step).await?;
                let query = sqlx::query(sql!("SELECT * FROM tasker_f.rerun_task($1, $2, $3, $4)"))
                    .bind(task)
                    .bind(step);
                return self.operated(task, query.bind(actor).bind(reason)).await;
            }
            TaskAction::Upgrade { version } => {
                let (from, to) = self.upgrade_path(task, version.as_deref()).await?;
                let query = sqlx::query(sql!("SELECT * FROM tasker_f.upgrade_task($1, $2, $3, $4, $5)"));
                let query = query.bind(task).bind(from).bind(to);
                return self.operated(task, query.bind(actor).bind(reason)).await;
            }
        };
        let query =
            sqlx::query(sql!("SELECT * FROM tasker_f.operate_task($1, $2, $3, $4)")).bind(task).bind(name);
        self.operated(task, query.bind(actor).bind(reason)).await
    }

    /// Does something to a step, named or numbered. Answers where its task stands then.
    pub async fn operate_on_step(
        &self,
        task: Uuid,
        step: &str,
        action: StepAction,
        actor: &str,
        reason: &str,
    ) -> Result<TaskState, Error> {
        check_signature(actor, Some(reason))?;
        if reason.trim().is_empty() {
            let message = "is empty; say why the step is changed by hand".to_owned();
            return Err(Error::InvalidRequest { field: "reason", message });
        }
        let (index, template_step) = self.reader.find_step(task, step).await?;
        let (name, outcome) = match action {
            StepAction::ResetForRetry => ("reset_for_retry", None),
            StepAction::ResolveManually => ("resolve_manually", None),
            StepAction::CompleteManually(completion) => {
                ("complete_manually", Some(self.completed(task, template_step, completion).await?))
            }
        };
        let (result, blob) = outcome.as_ref().map_or((None, None), |outcome| columns(outcome.payload()));
        let query =
            sqlx::query(sql!("SELECT * FROM tasker_f.operate_step($1, $2, $3, $4, $5, $6, $7, $8, $9)"))
                .bind(task)
                .bind(index)
                .bind(name)
                .bind(actor)
                .bind(reason)
                .bind(result)
                .bind(blob)
                .bind(outcome.as_ref().and_then(Outcome::branch))
                .bind(outcome.as_ref().and_then(Outcome::cursors));
        self.operated(task, query).await
    }

    async fn operated(
        &self,
        task: Uuid,
        query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) -> Result<TaskState, Error> {
        let effects =
            Effects::read(&query.fetch_all(&self.pool).await.map_err(|error| refusal(error, task))?)?;
        let state = effects.tasks.last().map(|(_, state)| *state);
        self.follow(effects).await;
        match state {
            Some(state) => Ok(state),
            None => self.reader.task_state(task).await,
        }
    }

    /// What an operator completes a step with, held against the template as a handler's outcome is.
    async fn completed(&self, task: Uuid, step: usize, completion: Completion) -> Result<Outcome, Error> {
        let release = self.reader.release_of(task).await?;
        let result = self.blobs.check_in(Payload::Inline(completion.result), MAX_INLINE_RESULT).await?;
        let kind = release.template.steps[step].step_type;
        let unfit = |field, message: &str| Err(Error::InvalidRequest { field, message: message.to_owned() });
        let ending = match (completion.branch, completion.cursors) {
            (Some(_), _) if kind != StepType::Decision => return unfit("branch", "is only for a decision"),
            (_, Some(_)) if kind != StepType::Batchable => {
                return unfit("cursors", "are only for a batchable step");
            }
            (Some(steps), _) => Ending::Branch { steps, result },
            (_, Some(cursors)) => Ending::Batch { cursors, result },
            // Without a word on what follows, nothing does.
            (None, None) => {
                let fixed = &release.steps[step];
                return match check_result(fixed, &result, &self.blobs).await? {
                    Ok(()) => Ok(Outcome::Complete(result)),
                    Err(failure) => Err(Error::InvalidResult(failure.message)),
                };
            }
        };
        judge(&release, step, ending, &self.blobs)
            .await?
            .map_err(|failure| Error::InvalidResult(failure.message))
    }
}
