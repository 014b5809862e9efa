//! The preview of a bulk operation, and its confirmation.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::{
    action::{BulkAction, BulkArguments},
    bulk::{Bulk, CONFIRMABLE_MINUTES},
    operation::{BulkMatching, BulkOperation, BulkState, SHOWN, STORED, operation, scope},
    selection::Selection,
};
use crate::{
    access::{Caller, Permission, Principal, Scope},
    database::set::{FUNCTION_SET, sql},
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
        let bounds = sqlx::query(sql!(
            "SELECT tasker_f.now() AS now, (SELECT task_id FROM tasker.tasks ORDER BY task_id DESC LIMIT 1) AS newest"
        ))
        .fetch_one(&self.engine.reader.pool)
        .await?;
        let selection = Selection {
            filter: TaskFilter { scope: scope.clone(), ..filter.unwrap_or_default() },
            task_ids,
            newest: bounds.try_get::<Option<Uuid>, _>("newest")?.unwrap_or(Uuid::nil()),
            until: bounds.try_get("now")?,
        };
        let most = max.unwrap_or(DEFAULT_MOST);
        let (matching, impossible) = self.count(action, &selection, most).await?;
        let ids = self.first(&selection, None, SAMPLE.min(most)).await?;
        let sample = self.engine.reader.tasks_by_id(&ids).await?;
        let mut random = [0; 32];
        SystemRandom::new().fill(&mut random).map_err(|_| Error::Damaged("no random numbers".to_owned()))?;
        let token = BASE64.encode(random);
        let damaged = |error: serde_json::Error| Error::Damaged(error.to_string());
        let insert = format!(
            "INSERT INTO tasker.bulk_operations (bulk_id, state, action, arguments, reason, principal, actor, filter, task_ids,
                 namespaces, newest, most, matching, is_capped, token, created_at)
             VALUES ($1, 'previewed', $2, $3::json, $4, $5::json, $6, $7::json, $8, $9, $10, $11, $12, $13, $14, $15)
             RETURNING {SHOWN}"
        );
        let bulk = Uuid::now_v7();
        let mut transaction = self.engine.pool.begin().await?;
        let row = sqlx::query(sqlx::AssertSqlSafe(insert))
            .bind(bulk)
            .bind(action.as_str())
            .bind(serde_json::to_string(&arguments).map_err(damaged)?)
            .bind(reason)
            .bind(serde_json::to_string(&caller.principal).map_err(damaged)?)
            .bind(actor)
            .bind(Selection::write_filter(&selection.filter)?)
            .bind(&selection.task_ids)
            .bind(scope.sql())
            .bind(selection.newest)
            .bind(most as i32)
            .bind(matching.count)
            .bind(matching.capped)
            .bind(hash_of(&token))
            .bind(selection.until)
            .fetch_one(&mut *transaction)
            .await?;
        let mut set = QueryBuilder::new("INSERT INTO tasker.bulk_tasks SELECT ");
        set.push_bind(bulk).push(", task_id FROM (");
        let filter = selection.tasks();
        let part = Part { after: None, limit: most };
        self.engine.reader.branches(&filter).await?.push_to(&mut set, "task_id", &filter, &part);
        set.push(") AS chosen").build().execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(BulkOperation { sample, impossible: Some(impossible), confirm: Some(token), ..operation(&row)? })
    }

    /// Counts the newest tasks of a selection, and those of them that the action cannot be applied to.
    async fn count(
        &self,
        action: BulkAction,
        selection: &Selection,
        most: i64,
    ) -> Result<(BulkMatching, BTreeMap<String, i64>), Error> {
        let mut query = QueryBuilder::new("SELECT reason, count(*) FILTER (WHERE place <= ");
        query.push_bind(most).push(") AS count, count(*) FILTER (WHERE place > ").push_bind(most);
        query
            .push(") AS more FROM (SELECT reason, row_number() OVER (ORDER BY task_id DESC) AS place FROM (");
        let columns = format!("task_id, {} AS reason", action.impossible().replace("tasker_f", FUNCTION_SET));
        let filter = selection.tasks();
        let part = Part { after: None, limit: most + 1 };
        self.engine.reader.branches(&filter).await?.push_to(&mut query, &columns, &filter, &part);
        query.push(") AS matching) AS placed GROUP BY reason");
        let mut matching = BulkMatching { count: 0, capped: false };
        let mut impossible = BTreeMap::new();
        for row in query.build().fetch_all(&self.engine.reader.pool).await? {
            let (reason, count): (Option<String>, i64) = (row.try_get("reason")?, row.try_get("count")?);
            matching.count += count;
            matching.capped |= row.try_get::<i64, _>("more")? > 0;
            if let Some(reason) = reason.filter(|_| count > 0) {
                impossible.insert(reason, count);
            }
        }
        let named = selection.task_ids.as_ref().map_or(0, |ids| ids.len() as i64);
        let missing = named - matching.count;
        if missing > 0 && !matching.capped {
            impossible.insert("no_such_task".to_owned(), missing);
        }
        Ok((matching, impossible))
    }

    /// Returns the first tasks of a selection, newest first, after this one.
    pub(super) async fn first(
        &self,
        selection: &Selection,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Uuid>, Error> {
        let mut query = QueryBuilder::new("");
        let filter = selection.tasks();
        let part = Part { after, limit };
        self.engine.reader.branches(&filter).await?.push_to(&mut query, "task_id", &filter, &part);
        Ok(query.build_query_scalar().fetch_all(&self.engine.reader.pool).await?)
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
