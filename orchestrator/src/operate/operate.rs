//! Operators' actions on tasks and steps: cancel, pause, redrive, resolve. Each action is one transaction that
//! records the actor and the reason and re-evaluates the task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tasker_protocol::{Ending, Payload};
use tasker_templates::template::StepType;
use tasker_transport::INLINE_PAYLOAD;
use utoipa::ToSchema;
use uuid::Uuid;

use super::statement::Statement;
use crate::{
    database::{columns::columns, refusal::refusal, set::sql},
    effect::Effects,
    engine::Engine,
    error::Error,
    labels,
    measure::Target,
    report::{AcceptedEnding, check_result, judge},
    state::TaskState,
    text::{check_priority, check_signature, check_tags},
};

/// The result of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// The task and this many of its steps were cancelled.
    Cancelled {
        /// The number of cancelled steps.
        steps: u32,
    },
    /// The task had already ended in this state.
    AlreadyEnded(TaskState),
}

/// An operator's action on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
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
        #[schema(minimum = -100, maximum = 100)]
        priority: i16,
    },
}

/// An operator's action on a step.
#[derive(Debug, Clone)]
pub enum StepAction {
    /// Runs a failed step again, with its attempts reset.
    ResetForRetry,
    /// Lets dependent steps run without a result of this one.
    ResolveManually,
    /// Completes the step with this result, so that dependent steps run.
    CompleteManually(Completion),
}

/// The outcome that an operator completes a step with.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The result. It is checked against the step's `result_schema`.
    pub result: Box<RawValue>,
    /// For a decision: the names of the steps to run next.
    pub branch: Option<Vec<String>>,
    /// For a batchable step: one cursor per worker.
    pub cursors: Option<Vec<Box<RawValue>>>,
}

impl Cancellation {
    /// Reads the result of [`Statement::Cancel`].
    pub(crate) fn of(effects: &Effects, task: Uuid) -> Result<Self, Error> {
        let Some(verdict) = effects.verdicts.first() else {
            return Err(Error::Damaged(format!("the database returned no result for task {task}")));
        };
        Ok(match verdict.task_state {
            Some(state) => Self::AlreadyEnded(state),
            None => Self::Cancelled { steps: verdict.count },
        })
    }
}

impl Engine {
    /// Cancels a task. Hosts stop its running handlers after their grace time.
    pub async fn cancel(&self, task: Uuid, actor: &str, reason: Option<&str>) -> Result<Cancellation, Error> {
        check_signature(actor, reason)?;
        let rows = Statement::Cancel.query(task, actor, reason).fetch_all(&self.pool).await;
        let effects = Effects::read(&rows.map_err(|error| refusal(error, task))?)?;
        let cancellation = Cancellation::of(&effects, task)?;
        if matches!(cancellation, Cancellation::Cancelled { .. }) {
            self.measure_action(Target::Task, Statement::Cancel.name(), &effects).await;
        }
        self.follow(effects).await;
        Ok(cancellation)
    }

    /// As [`Engine::operate_on_task`], if the task is in this state.
    ///
    /// # Errors
    /// [`Error::UnexpectedState`]; then nothing has changed.
    pub async fn operate_on_task_in(
        &self,
        expected: TaskState,
        task: Uuid,
        action: &TaskAction,
        actor: &str,
        reason: Option<&str>,
    ) -> Result<TaskState, Error> {
        check_signature(actor, reason)?;
        let statement = self.statement(task, action).await?;
        let name = statement.name();
        let mut transaction = self.pool.begin().await?;
        let state: String =
            sqlx::query_scalar("SELECT state FROM tasker.tasks WHERE task_id = $1 FOR UPDATE")
                .bind(task)
                .fetch_optional(&mut *transaction)
                .await?
                .ok_or(Error::NoSuchTask(task))?;
        let found = TaskState::from_name(&state)
            .ok_or_else(|| Error::Damaged(format!("task {task} is in state {state}")))?;
        if found != expected {
            return Err(Error::UnexpectedState { expected, found });
        }
        let rows = statement.query(task, actor, reason).fetch_all(&mut *transaction).await;
        let effects = Effects::read(&rows.map_err(|error| refusal(error, task))?)?;
        transaction.commit().await?;
        self.after(task, Target::Task, name, effects).await
    }

    /// Applies an action to a task. Returns the task's state afterwards.
    pub async fn operate_on_task(
        &self,
        task: Uuid,
        action: &TaskAction,
        actor: &str,
        reason: Option<&str>,
    ) -> Result<TaskState, Error> {
        check_signature(actor, reason)?;
        let statement = self.statement(task, action).await?;
        let name = statement.name();
        self.operated(task, Target::Task, name, statement.query(task, actor, reason)).await
    }

    /// Returns the statement that applies an action to a task.
    pub(crate) async fn statement(&self, task: Uuid, action: &TaskAction) -> Result<Statement, Error> {
        Ok(match action {
            TaskAction::Pause => Statement::Operate("pause"),
            TaskAction::Resume => Statement::Operate("resume"),
            TaskAction::Redrive => Statement::Operate("redrive"),
            TaskAction::GiveUp => Statement::Operate("give_up"),
            TaskAction::ResolveManually => Statement::Operate("resolve_manually"),
            TaskAction::Rerun { step } => Statement::Rerun(self.reader.find_step(task, step).await?.0),
            TaskAction::Upgrade { version } => {
                let (from, to) = self.upgrade_path(task, version.as_deref()).await?;
                Statement::Upgrade { from, to }
            }
            TaskAction::SetTags { tags } => {
                check_tags(tags)?;
                Statement::SetTags {
                    tags: tags.clone(),
                    labels: tags.iter().map(|tag| labels::tag(tag)).collect(),
                }
            }
            TaskAction::SetPriority { priority } => {
                check_priority(*priority)?;
                Statement::SetPriority(*priority)
            }
        })
    }

    /// Applies an action to a step, given by name or number. Returns the task's state afterwards.
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
            let message = "is empty; give the reason for changing the step".to_owned();
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
                .bind(outcome.as_ref().and_then(AcceptedEnding::branch))
                .bind(outcome.as_ref().and_then(AcceptedEnding::cursors));
        self.operated(task, Target::Step, name, query).await
    }

    async fn operated(
        &self,
        task: Uuid,
        target: Target,
        action: &'static str,
        query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) -> Result<TaskState, Error> {
        let effects =
            Effects::read(&query.fetch_all(&self.pool).await.map_err(|error| refusal(error, task))?)?;
        self.after(task, target, action, effects).await
    }

    /// Follows the effects of an action. Returns the task's state afterwards.
    async fn after(
        &self,
        task: Uuid,
        target: Target,
        action: &'static str,
        effects: Effects,
    ) -> Result<TaskState, Error> {
        self.measure_action(target, action, &effects).await;
        let state = effects.tasks.last().map(|(_, state)| *state);
        self.follow(effects).await;
        match state {
            Some(state) => Ok(state),
            None => self.reader.task_state(task).await,
        }
    }

    /// Checks the outcome that an operator gives against the template, as a handler's outcome.
    async fn completed(
        &self,
        task: Uuid,
        step: usize,
        completion: Completion,
    ) -> Result<AcceptedEnding, Error> {
        let release = self.reader.release_of(task).await?;
        let result = self.blobs.check_in(Payload::Inline(completion.result), INLINE_PAYLOAD).await?;
        let kind = release.template.steps[step].step_type;
        let unfit = |field, message: &str| Err(Error::InvalidRequest { field, message: message.to_owned() });
        let ending = match (completion.branch, completion.cursors) {
            (Some(_), _) if kind != StepType::Decision => return unfit("branch", "is only for a decision"),
            (_, Some(_)) if kind != StepType::Batchable => {
                return unfit("cursors", "are only for a batchable step");
            }
            (Some(steps), _) => Ending::Branch { steps, result },
            (_, Some(cursors)) => Ending::Batch { cursors, result },
            // Neither branch nor cursors: no steps are created.
            (None, None) => {
                let fixed = &release.steps[step];
                return match check_result(fixed, &result, &self.blobs).await? {
                    Ok(()) => Ok(AcceptedEnding::Complete(result)),
                    Err(failure) => Err(Error::InvalidResult(failure.message)),
                };
            }
        };
        judge(&release, step, ending, &self.blobs)
            .await?
            .map_err(|failure| Error::InvalidResult(failure.message))
    }
}
