//! Namespaces: what is in them, and how much happens there.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sqlx::{Row, postgres::PgRow};
use utoipa::ToSchema;

use super::{filter::first_id, reader::Reader};
use crate::{access::scope::Scope, error::Error, slice::Slice, state::TaskState};

/// How many tasks of a namespace are counted.
const MOST: i64 = 10_000;

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// The number of its templates.
    pub template_count: i64,
    /// The number of different handlers of steps in all versions of its templates.
    pub handler_count: i64,
    /// The number of its tasks that have not ended, at most 10,000.
    pub open_tasks: i64,
    /// The number of its tasks created in the last 24 hours, at most 10,000.
    pub created_24h: i64,
    /// Whether one of these numbers is higher than that.
    pub capped: bool,
}

impl Reader {
    /// Returns the namespaces with published templates, sorted by name.
    pub async fn namespaces(&self, scope: &Scope, slice: Slice<String>) -> Result<Vec<Namespace>, Error> {
        self.read_namespaces(scope, None, slice).await
    }

    /// Returns a namespace.
    ///
    /// # Errors
    /// [`Error::NoSuchNamespace`] if no published template is in it.
    pub async fn namespace(&self, scope: &Scope, name: &str) -> Result<Namespace, Error> {
        match self.read_namespaces(scope, Some(name), Slice::first(1)).await?.pop() {
            Some(namespace) => Ok(namespace),
            None => Err(self.no_such_namespace(scope, name).await?),
        }
    }

    async fn read_namespaces(
        &self,
        scope: &Scope,
        only: Option<&str>,
        slice: Slice<String>,
    ) -> Result<Vec<Namespace>, Error> {
        let open: Vec<&str> =
            TaskState::ALL.iter().filter(|state| !state.is_terminal()).map(|state| state.as_str()).collect();
        // The key of a task begins with the time of its creation.
        let rows = sqlx::query(
            "SELECT n.namespace, n.templates, n.handlers, open.tasks AS open_tasks, created.tasks AS created_24h
             FROM (
                 SELECT t.namespace, count(DISTINCT t.name) AS templates,
                     count(DISTINCT step -> 'handler' ->> 'callable') AS handlers
                 FROM tasker.templates t LEFT JOIN LATERAL jsonb_array_elements(t.definition -> 'steps') AS step ON true
                 WHERE ($1::text IS NULL OR t.namespace > $1) AND ($2::text[] IS NULL OR t.namespace = ANY ($2))
                     AND ($3::text IS NULL OR t.namespace = $3)
                 GROUP BY t.namespace ORDER BY t.namespace LIMIT $4) AS n
             CROSS JOIN LATERAL (
                 SELECT count(*) AS tasks FROM (
                     SELECT FROM tasker.tasks WHERE namespace = n.namespace AND state = ANY ($5) LIMIT $6) AS found) AS open
             CROSS JOIN LATERAL (
                 SELECT count(*) AS tasks FROM (
                     SELECT FROM tasker.tasks WHERE namespace = n.namespace AND task_id >= $7 LIMIT $6) AS found) AS created
             ORDER BY n.namespace",
        )
        .bind(&slice.after)
        .bind(scope.sql())
        .bind(only)
        .bind(slice.sql_limit())
        .bind(open)
        .bind(MOST + 1)
        .bind(first_id(self.now().await? - TimeDelta::days(1)))
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &PgRow| {
            let (open, created): (i64, i64) = (row.try_get("open_tasks")?, row.try_get("created_24h")?);
            Ok(Namespace {
                name: row.try_get("namespace")?,
                template_count: row.try_get("templates")?,
                handler_count: row.try_get("handlers")?,
                open_tasks: open.min(MOST),
                created_24h: created.min(MOST),
                capped: open.max(created) > MOST,
            })
        };
        rows.iter().map(read).collect()
    }
}
