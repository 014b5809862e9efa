//! The work on confirmed operations: one task after the other, in turns of 100 tasks, so that several operations share the time.
//!
//! An action and its count are one transaction, which holds the operation's row: after a crash, or if two processes take each
//! other for dead, no task is acted on or counted twice. A copy is identified by the operation and the task instead.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};
use sqlx::QueryBuilder;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    action::Act,
    bulk::Bulk,
    failure::failure,
    operation::{SHOWN, STORED, Stored, stored},
};
use crate::{
    access::{Caller, Grant},
    create::TaskCopy,
    database::{refusal::refusal, set::sql},
    effect::Effects,
    error::Error,
    measure::Target,
    operate::{Cancellation, Statement},
    read::{Part, TaskFilter},
};

/// How many tasks are worked on in a turn.
const TASKS_OF_A_TURN: i64 = 100;
/// How long a process may be silent before another goes on with its operation, in seconds. One action takes milliseconds.
const LEASE_SECONDS: i32 = 30;
/// How often a process looks for operations that others confirmed.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How long a visit works. A sweep on AWS has a minute, and does other things first.
const VISIT: Duration = Duration::from_secs(25);
/// The maximum number of failures of an operation that are kept. Further ones are counted.
const MOST_FAILURES: i64 = 10_000;

/// What came of a task.
enum Outcome {
    Done,
    Failed(&'static str, String),
}

/// The operation was stopped, or another process has it.
struct Lost;

/// A process's turn with an operation.
#[derive(Debug, Clone, Copy)]
struct Turn {
    bulk: Uuid,
    id: Uuid,
}

impl Bulk {
    /// Works until `stop` is cancelled.
    pub(crate) async fn work_loop(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.work(&stop, None).await {
                tracing::warn!(%error, "bulk operations could not be worked on; trying again");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.confirmed.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Works for a while.
    pub(crate) async fn visit(&self) -> Result<(), Error> {
        self.work(&CancellationToken::new(), Some(Instant::now() + VISIT)).await
    }

    /// Works until no operation is to be worked on, `stop` is cancelled, or the time has come.
    pub async fn work(&self, stop: &CancellationToken, until: Option<Instant>) -> Result<(), Error> {
        let mut pace = Pace { per_second: self.per_second, next: tokio::time::Instant::now() };
        let is_over = || stop.is_cancelled() || until.is_some_and(|until| Instant::now() >= until);
        while !is_over() {
            let Some(turn) = self.claim().await? else { return Ok(()) };
            let worked = self.take_turn(turn, &mut pace, is_over).await;
            self.release(turn).await?;
            worked?;
        }
        Ok(())
    }

    /// Takes the operation that has waited longest.
    async fn claim(&self) -> Result<Option<Turn>, Error> {
        let id = Uuid::now_v7();
        let bulk: Option<Uuid> = sqlx::query_scalar(sql!(
            "UPDATE tasker.bulk_operations SET turn = $1, leased_until = tasker_f.now() + $2 * interval '1 second'
             WHERE bulk_id = (SELECT bulk_id FROM tasker.bulk_operations WHERE state = 'running' AND leased_until <= tasker_f.now()
                              ORDER BY leased_until LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING bulk_id"
        ))
        .bind(id)
        .bind(LEASE_SECONDS)
        .fetch_optional(&self.engine.pool)
        .await?;
        Ok(bulk.map(|bulk| Turn { bulk, id }))
    }

    async fn release(&self, turn: Turn) -> Result<(), Error> {
        sqlx::query(sql!(
            "UPDATE tasker.bulk_operations SET turn = NULL, leased_until = tasker_f.now()
             WHERE bulk_id = $2 AND turn = $1 AND state = 'running'"
        ))
        .bind(turn.id)
        .bind(turn.bulk)
        .execute(&self.engine.pool)
        .await?;
        Ok(())
    }

    async fn take_turn(&self, turn: Turn, pace: &mut Pace, is_over: impl Fn() -> bool) -> Result<(), Error> {
        let query = format!("SELECT {SHOWN}, {STORED} FROM tasker.bulk_operations WHERE bulk_id = $1");
        let row =
            sqlx::query(sqlx::AssertSqlSafe(query)).bind(turn.bulk).fetch_one(&self.engine.pool).await?;
        let stored = stored(&row)?;
        let tasks = self.next_tasks(turn, stored.last_task).await?;
        if tasks.is_empty() {
            return self.complete(turn).await;
        }
        let matching = self.matching(&stored, &tasks).await?;
        let reason = match &stored.shown.reason {
            Some(reason) => format!("{reason} (bulk {})", turn.bulk),
            None => format!("bulk {}", turn.bulk),
        };
        for task in tasks {
            if is_over() {
                return Ok(());
            }
            if !matching.contains(&task) {
                let message = "the task does not match the filter any more";
                if self.count_failure(turn, task, "not_possible", message).await?.is_err() {
                    return Ok(());
                }
                continue;
            }
            pace.wait().await;
            let acted = match stored.shown.action.act(&stored.shown.arguments, &reason) {
                Act::Cancel => self.change(&stored, turn, task, Statement::Cancel, &reason).await,
                Act::Operate(action) => match self.engine.statement(task, &action).await {
                    Ok(statement) => self.change(&stored, turn, task, statement, &reason).await,
                    Err(error) => Err(error),
                },
                Act::Copy(copy) => self.copy(&stored, turn, task, copy).await,
            };
            let counted = match acted {
                Ok(Ok(Outcome::Done)) => Ok(()),
                Ok(Ok(Outcome::Failed(code, message))) => {
                    self.count_failure(turn, task, code, &message).await?
                }
                Ok(Err(Lost)) => Err(Lost),
                Err(error) => match failure(task, &error) {
                    Some((code, message)) => self.count_failure(turn, task, code, &message).await?,
                    None => return Err(error),
                },
            };
            if counted.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The tasks of the preview that come next, from the newest to the oldest.
    async fn next_tasks(&self, turn: Turn, last: Option<Uuid>) -> Result<Vec<Uuid>, Error> {
        let tasks = sqlx::query_scalar(
            "SELECT task_id FROM tasker.bulk_tasks WHERE bulk_id = $1 AND ($2::uuid IS NULL OR task_id < $2)
             ORDER BY task_id DESC LIMIT $3",
        )
        .bind(turn.bulk)
        .bind(last)
        .bind(TASKS_OF_A_TURN);
        Ok(tasks.fetch_all(&self.engine.pool).await?)
    }

    /// Those of these tasks that still match the filter.
    async fn matching(&self, stored: &Stored, tasks: &[Uuid]) -> Result<HashSet<Uuid>, Error> {
        let filter = TaskFilter { ids: Some(tasks.to_vec()), ..stored.filter.clone() };
        let part = Part { after: None, limit: TASKS_OF_A_TURN };
        let mut query = QueryBuilder::new("");
        self.engine.reader.branches(&filter).await?.push_to(&mut query, "task_id", &filter, &part);
        let found: Vec<Uuid> = query.build_query_scalar().fetch_all(&self.engine.pool).await?;
        Ok(found.into_iter().collect())
    }

    /// Applies an action to a task, and counts it in the same transaction.
    async fn change(
        &self,
        stored: &Stored,
        turn: Turn,
        task: Uuid,
        statement: Statement,
        reason: &str,
    ) -> Result<Result<Outcome, Lost>, Error> {
        let mut transaction = self.engine.pool.begin().await?;
        if self.count_done(&mut *transaction, turn, task).await?.is_err() {
            return Ok(Err(Lost));
        }
        let rows = statement
            .clone()
            .query(task, &stored.shown.actor, Some(reason))
            .fetch_all(&mut *transaction)
            .await;
        let effects = Effects::read(&rows.map_err(|error| refusal(error, task))?)?;
        if statement == Statement::Cancel
            && let Cancellation::AlreadyEnded(state) = Cancellation::of(&effects, task)?
        {
            transaction.rollback().await?;
            return Ok(Ok(Outcome::Failed("already_ended", format!("the task is {state}"))));
        }
        transaction.commit().await?;
        self.engine.measure_action(Target::Task, statement.name(), &effects).await;
        self.engine.follow(effects).await;
        Ok(Ok(Outcome::Done))
    }

    /// Creates a copy of a task, unless that was done before, and counts it.
    async fn copy(
        &self,
        stored: &Stored,
        turn: Turn,
        task: Uuid,
        copy: TaskCopy,
    ) -> Result<Result<Outcome, Lost>, Error> {
        let mut request = copy.of(self.engine.reader.task(task).await?)?;
        if stored.principal.is_known() {
            let caller =
                Caller { principal: stored.principal.clone(), grant: Grant::default(), expires_at: None };
            request.initiator = Some(caller.actor(request.initiator.as_deref()));
        }
        let mut identity = Sha256::new_with_prefix("bulk");
        identity.update(stored.shown.bulk_id.as_bytes());
        identity.update(task.as_bytes());
        let created =
            self.engine.create_identified(vec![(request, Some(identity.finalize().to_vec()))]).await;
        created.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(self.count_done(&self.engine.pool, turn, task).await?.map(|()| Outcome::Done))
    }

    /// Counts a task as done, if this turn has not been lost.
    async fn count_done(
        &self,
        executor: impl sqlx::PgExecutor<'_>,
        turn: Turn,
        task: Uuid,
    ) -> Result<Result<(), Lost>, Error> {
        let counted = sqlx::query(sql!(
            "UPDATE tasker.bulk_operations SET done = done + 1, last_task = $2,
                 leased_until = tasker_f.now() + $3 * interval '1 second'
             WHERE bulk_id = $4 AND turn = $1 AND state = 'running' RETURNING bulk_id"
        ))
        .bind(turn.id)
        .bind(task)
        .bind(LEASE_SECONDS)
        .bind(turn.bulk)
        .fetch_optional(executor)
        .await?;
        Ok(counted.map(drop).ok_or(Lost))
    }

    /// Counts a task that the action could not be applied to, if this turn has not been lost, and keeps why.
    async fn count_failure(
        &self,
        turn: Turn,
        task: Uuid,
        code: &str,
        message: &str,
    ) -> Result<Result<(), Lost>, Error> {
        let counted = sqlx::query(sql!(
            "WITH counted AS (
                 UPDATE tasker.bulk_operations SET failed = failed + 1, last_task = $2,
                     leased_until = tasker_f.now() + $3 * interval '1 second'
                 WHERE bulk_id = $7 AND turn = $1 AND state = 'running' RETURNING bulk_id, failed
             ), kept AS (
                 INSERT INTO tasker.bulk_failures (bulk_id, task_id, code, message)
                 SELECT bulk_id, $2, $4, $5 FROM counted WHERE failed <= $6
             )
             SELECT bulk_id FROM counted"
        ))
        .bind(turn.id)
        .bind(task)
        .bind(LEASE_SECONDS)
        .bind(code)
        .bind(message)
        .bind(MOST_FAILURES)
        .bind(turn.bulk)
        .fetch_optional(&self.engine.pool)
        .await?;
        Ok(counted.map(drop).ok_or(Lost))
    }

    async fn complete(&self, turn: Turn) -> Result<(), Error> {
        sqlx::query(sql!(
            "UPDATE tasker.bulk_operations SET state = 'complete', ended_at = tasker_f.now(), turn = NULL
             WHERE bulk_id = $2 AND turn = $1 AND state = 'running'"
        ))
        .bind(turn.id)
        .bind(turn.bulk)
        .execute(&self.engine.pool)
        .await?;
        Ok(())
    }
}

/// Spreads tasks over time.
struct Pace {
    per_second: u32,
    next: tokio::time::Instant,
}

impl Pace {
    /// Returns when the next task may be worked on.
    async fn wait(&mut self) {
        if self.per_second > 0 {
            tokio::time::sleep_until(self.next).await;
            self.next = tokio::time::Instant::now().max(self.next) + Duration::from_secs(1) / self.per_second;
        }
    }
}
