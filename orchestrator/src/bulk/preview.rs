//! The preview of a bulk operation, and its confirmation.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, QueryBuilder, Row as _};
use uuid::Uuid;

use super::{
    action::{BulkAction, BulkArguments},
    bulk::{Bulk, CONFIRMABLE_MINUTES},
    operation::{BulkMatching, BulkOperation, BulkState, SHOWN, STORED, operation, scope},
    stored_filter,
};
use crate::{
    access::{Caller, Permission, Principal, Scope},
    database::set::FUNCTION_SET,
    error::Error,
    read::{Part, TaskFilter},
    text::{check_name, check_text},
};

/// The maximum number of tasks that a request names.
const MOST_IDS: usize = 1000;
/// The maximum number of tasks of an operation, by default and at all.
const DEFAULT_MOST: i64 = 10_000;
const LARGEST_MOST: i64 = 100_000;
/// How many tasks a preview shows.
const SAMPLE: i64 = 5;
/// The maximum length of a reason, in bytes: the audit adds the id of the operation.
const LONGEST_REASON: usize = 4000;

/// A request for a preview.
#[derive(Debug)]
pub struct BulkRequest {
    /// The action.
    pub action: BulkAction,
    /// Its arguments.
    pub arguments: BulkArguments,
    /// The tasks: what this matches. Its scope does not count.
    pub filter: Option<TaskFilter>,
    /// Or these tasks.
    pub task_ids: Option<Vec<Uuid>>,
    /// The reason.
    pub reason: Option<String>,
    /// Whom the audit names beside the caller.
    pub actor: Option<String>,
    /// How many tasks are concerned at most: the newest. Default: 10,000.
    pub max: Option<i64>,
}

/// The namespaces in which the caller may list tasks and apply the action.
fn scope_of(caller: &Caller, action: BulkAction) -> Result<Scope, Error> {
    let scope = |permission| caller.scope(permission).ok_or(Error::Forbidden { permission });
    Ok(scope(action.permission())?.and(scope(Permission::TasksList)?))
}

fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Whether two principals are the same, whatever they are called now.
fn is_same(one: &Principal, other: &Principal) -> bool {
    let identity = |principal: &Principal| principal.id.clone().unwrap_or_else(|| principal.name.clone());
    one.kind == other.kind && identity(one) == identity(other)
}

fn invalid<T>(field: &'static str, message: String) -> Result<T, Error> {
    Err(Error::InvalidRequest { field, message })
}

impl BulkRequest {
    fn check(&self) -> Result<(), Error> {
        self.action.check(&self.arguments)?;
        if let Some(actor) = &self.actor {
            check_name("actor", actor)?;
        }
        if let Some(reason) = &self.reason {
            check_text("reason", reason)?;
            if reason.len() > LONGEST_REASON {
                return invalid("reason", format!("is longer than {LONGEST_REASON} bytes"));
            }
        }
        if self.max.is_some_and(|max| !(1..=LARGEST_MOST).contains(&max)) {
            return invalid("max", format!("must be between 1 and {LARGEST_MOST}"));
        }
        match (&self.filter, &self.task_ids) {
            (None, None) => invalid("filter", "is missing: give `filter` or `task_ids`".to_owned()),
            (Some(_), Some(_)) => invalid("filter", "and `task_ids` exclude each other".to_owned()),
            (_, Some(ids)) if ids.is_empty() || ids.len() > MOST_IDS => {
                invalid("task_ids", format!("are {}; 1 to {MOST_IDS} are allowed", ids.len()))
            }
            _ => Ok(()),
        }
    }
}

/// Counts the tasks of a preview that the action cannot be applied to in their present state, by reason.
async fn impossible(
    action: BulkAction,
    bulk: Uuid,
    transaction: &mut PgConnection,
) -> Result<BTreeMap<String, i64>, Error> {
    let reason = action.impossible().replace("tasker_f", FUNCTION_SET);
    let query = format!(
        "SELECT reason, count(*) FROM (
             SELECT {reason} AS reason FROM tasker.bulk_tasks JOIN tasker.tasks USING (task_id) WHERE bulk_id = $1) AS judged
         WHERE reason IS NOT NULL GROUP BY reason"
    );
    let counts: Vec<(String, i64)> =
        sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(bulk).fetch_all(transaction).await?;
    Ok(counts.into_iter().collect())
}

impl Bulk {
    /// Counts the tasks of an operation, and stores it, so that the returned token can confirm it. Changes no task.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the permission of the action or `tasks:list`, [`Error::InvalidRequest`].
    pub async fn preview(&self, caller: &Caller, request: BulkRequest) -> Result<BulkOperation, Error> {
        let scope = scope_of(caller, request.action)?;
        request.check()?;
        let BulkRequest { action, arguments, filter, task_ids, reason, actor, max } = request;
        let actor = caller.actor(actor.as_deref());
        check_name("actor", &actor)?;
        let task_ids = task_ids.map(|ids| Vec::from_iter(BTreeSet::from_iter(ids)));
        let named = task_ids.as_ref().map_or(0, |ids| ids.len() as i64);
        let written = filter.as_ref().map(stored_filter::write).transpose()?;
        let filter = TaskFilter {
            scope: scope.clone(),
            ids: task_ids,
            oldest_first: false,
            ..filter.unwrap_or_default()
        };
        let branches = self.engine.reader.branches(&filter).await?;
        let mut random = [0; 32];
        SystemRandom::new().fill(&mut random).map_err(|_| Error::Damaged("no random numbers".to_owned()))?;
        let token = BASE64.encode(random);
        let damaged = |error: serde_json::Error| Error::Damaged(error.to_string());
        let bulk = Uuid::now_v7();
        let mut transaction = self.engine.pool.begin().await?;

        let most = max.unwrap_or(DEFAULT_MOST);
        // One more shows whether more match.
        let part = Part { after: None, limit: most + 1 };
        let mut set = QueryBuilder::new("INSERT INTO tasker.bulk_tasks SELECT ");
        set.push_bind(bulk).push(", task_id FROM (");
        branches.push_to(&mut set, "task_id", &filter, &part);
        let found = set.push(") AS found").build().execute(&mut *transaction).await?.rows_affected() as i64;
        let matching = BulkMatching { count: found.min(most), capped: found > most };
        if matching.capped {
            let drop_one = "DELETE FROM tasker.bulk_tasks WHERE bulk_id = $1 AND task_id =
                (SELECT task_id FROM tasker.bulk_tasks WHERE bulk_id = $1 ORDER BY task_id LIMIT 1)";
            sqlx::query(drop_one).bind(bulk).execute(&mut *transaction).await?;
        }
        let mut impossible = impossible(action, bulk, &mut transaction).await?;
        if named > found {
            impossible.insert("no_such_task".to_owned(), named - found);
        }
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "SELECT task_id FROM tasker.bulk_tasks WHERE bulk_id = $1 ORDER BY task_id DESC LIMIT $2",
        )
        .bind(bulk)
        .bind(SAMPLE)
        .fetch_all(&mut *transaction)
        .await?;
        let insert = format!(
            "INSERT INTO tasker.bulk_operations (bulk_id, state, action, arguments, reason, principal, actor, filter, namespaces,
                 matching, is_capped, token, created_at)
             VALUES ($1, 'previewed', $2, $3::json, $4, $5::json, $6, $7::json, $8, $9, $10, $11, {FUNCTION_SET}.now())
             RETURNING {SHOWN}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(insert))
            .bind(bulk)
            .bind(action.as_str())
            .bind(serde_json::to_string(&arguments).map_err(damaged)?)
            .bind(reason)
            .bind(serde_json::to_string(&caller.principal).map_err(damaged)?)
            .bind(actor)
            .bind(written)
            .bind(scope.sql())
            .bind(matching.count)
            .bind(matching.capped)
            .bind(hash_of(&token))
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let sample = self.engine.reader.tasks_by_id(&ids).await?;
        Ok(BulkOperation { sample, impossible: Some(impossible), confirm: Some(token), ..operation(&row)? })
    }

    /// Lets the work on a previewed operation begin, in the namespaces where the caller may still do it.
    ///
    /// # Errors
    /// [`Error::ConfirmExpired`] unless the token is one that this caller got within ten minutes and has not used;
    /// [`Error::Forbidden`] if the caller has lost a permission.
    pub async fn confirm(&self, caller: &Caller, token: &str) -> Result<BulkOperation, Error> {
        let find = format!(
            "SELECT {SHOWN}, {STORED} FROM tasker.bulk_operations WHERE token = $1 AND state = 'previewed'"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(find))
            .bind(hash_of(token))
            .fetch_optional(&self.engine.reader.pool)
            .await?
            .ok_or(Error::ConfirmExpired)?;
        let principal: String = row.try_get("principal")?;
        let principal: Principal =
            serde_json::from_str(&principal).map_err(|error| Error::Damaged(error.to_string()))?;
        if !is_same(&principal, &caller.principal) {
            return Err(Error::ConfirmExpired);
        }
        let previewed = operation(&row)?;
        let within = scope(&row)?.and(&scope_of(caller, previewed.action)?);
        if within == Scope::Namespaces(BTreeSet::new()) {
            return Err(Error::Forbidden { permission: previewed.action.permission() });
        }
        let mut transaction = self.engine.pool.begin().await?;
        let begin = format!(
            "UPDATE tasker.bulk_operations SET state = 'running', namespaces = $2, confirmed_at = {FUNCTION_SET}.now(),
                 leased_until = {FUNCTION_SET}.now()
             WHERE bulk_id = $1 AND state = 'previewed' AND created_at > {FUNCTION_SET}.now() - $3 * interval '1 minute'
             RETURNING {SHOWN}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(begin))
            .bind(previewed.bulk_id)
            .bind(within.sql())
            .bind(CONFIRMABLE_MINUTES)
            .fetch_optional(&mut *transaction)
            .await?
            .ok_or(Error::ConfirmExpired)?;
        if let Some(namespaces) = within.sql() {
            sqlx::query(
                "DELETE FROM tasker.bulk_tasks b USING tasker.tasks t
                 WHERE b.bulk_id = $1 AND t.task_id = b.task_id AND t.namespace <> ALL ($2)",
            )
            .bind(previewed.bulk_id)
            .bind(namespaces)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        let confirmed = operation(&row)?;
        debug_assert_eq!(confirmed.state, BulkState::Running);
        self.confirmed.notify_one();
        Ok(confirmed)
    }
}
