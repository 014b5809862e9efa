//! The bulk operations of a database: lists, stops and forgets them.

use std::sync::Arc;

use sqlx::{QueryBuilder, Row as _};
use tokio::sync::Notify;
use uuid::Uuid;

use super::operation::{BulkFailure, BulkOperation, BulkState, SHOWN, operation, scope};
use crate::{
    access::{Caller, Scope},
    database::set::{FUNCTION_SET, sql},
    engine::Engine,
    error::Error,
    slice::Slice,
};

/// How long an operation is kept after its end, in days.
const KEPT_DAYS: i32 = 30;
/// How long a preview can be confirmed, in minutes.
pub(super) const CONFIRMABLE_MINUTES: i32 = 10;
/// How many old operations one call deletes. Each may have 10,000 failures.
const OPERATIONS_AT_ONCE: i64 = 2;
/// How many old previews one call deletes.
const TASKS_AT_ONCE: i64 = 20_000;
const PREVIEWS_AT_ONCE: i64 = 10_000;

/// The bulk operations.
pub struct Bulk {
    pub(super) engine: Arc<Engine>,
    /// How many tasks a process works on in a second; 0: as many as it can.
    pub(super) per_second: u32,
    /// Notified when an operation was confirmed here.
    pub(super) confirmed: Notify,
}

impl Bulk {
    /// The operations in the database of this engine. Each process works on so many tasks in a second; 0: as many as it can.
    pub fn new(engine: Arc<Engine>, per_second: u32) -> Self {
        Self { engine, per_second, confirmed: Notify::new() }
    }

    /// Returns the operations that were confirmed and lie within the scope, newest first.
    pub async fn list(&self, within: &Scope, slice: Slice<Uuid>) -> Result<Vec<BulkOperation>, Error> {
        let mut query = QueryBuilder::new(format!(
            "SELECT {SHOWN} FROM tasker.bulk_operations WHERE state <> 'previewed'"
        ));
        if let Some(namespaces) = within.sql() {
            query.push(" AND namespaces <@ ").push_bind(namespaces);
        }
        if let Some(after) = slice.after {
            query.push(" AND bulk_id < ").push_bind(after);
        }
        query.push(" ORDER BY bulk_id DESC LIMIT ").push_bind(slice.sql_limit());
        query.build().fetch_all(&self.engine.reader.pool).await?.iter().map(operation).collect()
    }

    /// Returns an operation.
    ///
    /// # Errors
    /// [`Error::NoSuchBulk`], also if it reaches beyond the scope or was not confirmed.
    pub async fn show(&self, bulk: Uuid, within: &Scope) -> Result<BulkOperation, Error> {
        Ok(self.find(bulk, within).await?.0)
    }

    /// Returns an operation and its namespaces.
    async fn find(&self, bulk: Uuid, within: &Scope) -> Result<(BulkOperation, Scope), Error> {
        let query = format!(
            "SELECT {SHOWN}, namespaces FROM tasker.bulk_operations WHERE bulk_id = $1 AND state <> 'previewed'"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(bulk)
            .fetch_optional(&self.engine.reader.pool)
            .await?
            .ok_or(Error::NoSuchBulk(bulk))?;
        let namespaces = scope(&row)?;
        if within.covers(&namespaces) {
            Ok((operation(&row)?, namespaces))
        } else {
            Err(Error::NoSuchBulk(bulk))
        }
    }

    /// Stops an operation. The task that is being worked on is still done. Stopping it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the permission of the action, [`Error::Refused`] if it is complete.
    pub async fn stop(&self, caller: &Caller, bulk: Uuid, within: &Scope) -> Result<BulkOperation, Error> {
        let (shown, namespaces) = self.find(bulk, within).await?;
        let permission = shown.action.permission();
        match caller.scope(permission) {
            None => return Err(Error::Forbidden { permission }),
            Some(scope) if !scope.covers(&namespaces) => return Err(Error::NoSuchBulk(bulk)),
            Some(_) => {}
        }
        let stop = format!(
            "UPDATE tasker.bulk_operations SET state = 'stopped', ended_at = {FUNCTION_SET}.now(), turn = NULL
             WHERE bulk_id = $1 AND state = 'running' RETURNING {SHOWN}"
        );
        let stopped =
            sqlx::query(sqlx::AssertSqlSafe(stop)).bind(bulk).fetch_optional(&self.engine.pool).await?;
        if let Some(row) = stopped {
            return operation(&row);
        }
        let now = self.show(bulk, within).await?;
        match now.state {
            BulkState::Stopped => Ok(now),
            _ => Err(Error::Refused("the operation is complete; it cannot be stopped any more".to_owned())),
        }
    }

    /// Returns the failures of an operation, from the newest task to the oldest.
    pub async fn failures(
        &self,
        bulk: Uuid,
        within: &Scope,
        slice: Slice<Uuid>,
    ) -> Result<Vec<BulkFailure>, Error> {
        self.find(bulk, within).await?;
        let rows = sqlx::query(
            "SELECT task_id, code, message FROM tasker.bulk_failures
             WHERE bulk_id = $1 AND ($2::uuid IS NULL OR task_id < $2) ORDER BY task_id DESC LIMIT $3",
        )
        .bind(bulk)
        .bind(slice.after)
        .bind(slice.sql_limit())
        .fetch_all(&self.engine.reader.pool)
        .await?;
        let failure = |row: &sqlx::postgres::PgRow| {
            Ok(BulkFailure {
                task_id: row.try_get("task_id")?,
                code: row.try_get("code")?,
                message: row.try_get("message")?,
            })
        };
        rows.iter().map(failure).collect()
    }

    /// Deletes some of the previews that nobody confirmed, and of the operations that ended long ago.
    pub async fn forget(&self) -> Result<(), Error> {
        sqlx::query(sql!(
            "WITH old AS (
                 SELECT bulk_id FROM tasker.bulk_operations o WHERE ended_at < tasker_f.now() - $1 * interval '1 day'
                     AND NOT EXISTS (SELECT FROM tasker.bulk_tasks t WHERE t.bulk_id = o.bulk_id) LIMIT $2
             ), failures AS (
                 DELETE FROM tasker.bulk_failures f USING old WHERE f.bulk_id = old.bulk_id
             )
             DELETE FROM tasker.bulk_operations o USING old WHERE o.bulk_id = old.bulk_id"
        ))
        .bind(KEPT_DAYS)
        .bind(OPERATIONS_AT_ONCE)
        .execute(&self.engine.pool)
        .await?;
        sqlx::query(sql!(
            "DELETE FROM tasker.bulk_tasks WHERE (bulk_id, task_id) IN (
                 SELECT t.bulk_id, t.task_id FROM tasker.bulk_operations o JOIN tasker.bulk_tasks t USING (bulk_id)
                 WHERE o.ended_at IS NOT NULL
                    OR o.state = 'previewed' AND o.created_at < tasker_f.now() - $1 * interval '1 minute' LIMIT $2)"
        ))
        .bind(CONFIRMABLE_MINUTES)
        .bind(TASKS_AT_ONCE)
        .execute(&self.engine.pool)
        .await?;
        // The state again: it may have been confirmed meanwhile.
        sqlx::query(sql!(
            "DELETE FROM tasker.bulk_operations WHERE state = 'previewed' AND bulk_id IN (
                 SELECT o.bulk_id FROM tasker.bulk_operations o
                 WHERE o.state = 'previewed' AND o.created_at < tasker_f.now() - $1 * interval '1 minute'
                   AND NOT EXISTS (SELECT FROM tasker.bulk_tasks t WHERE t.bulk_id = o.bulk_id) LIMIT $2)"
        ))
        .bind(CONFIRMABLE_MINUTES)
        .bind(PREVIEWS_AT_ONCE)
        .execute(&self.engine.pool)
        .await?;
        Ok(())
    }
}
