//! Counts of tasks.

use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row};
use utoipa::ToSchema;

use super::{branches::Part, filter::TaskFilter, reader::Reader};
use crate::error::Error;

/// How many tasks are counted. Counting all of a long history would read it.
const MOST: i64 = 10_000;

/// What tasks are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountBy {
    /// The state.
    State,
    /// The namespace.
    Namespace,
    /// The namespace and name of the template: `shop/order`.
    Template,
}

/// The number of tasks that match a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskCount {
    /// Their number, at most 10,000.
    pub count: i64,
    /// Whether there are more. Only the newest were counted.
    pub capped: bool,
    /// The number of each group, the largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<TaskGroup>,
}

/// The tasks of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskGroup {
    /// The state, the namespace, or the template.
    pub key: String,
    /// Their number.
    pub count: i64,
}

impl Reader {
    /// Counts the newest tasks that match, in all and by group.
    pub async fn count_tasks(&self, filter: &TaskFilter, by: Option<CountBy>) -> Result<TaskCount, Error> {
        let key = match by {
            None => "''",
            Some(CountBy::State) => "state",
            Some(CountBy::Namespace) => "namespace",
            Some(CountBy::Template) => "namespace || '/' || name",
        };
        let mut query = QueryBuilder::new("SELECT key, count(*) FILTER (WHERE place <= ");
        query.push_bind(MOST).push(") AS count, count(*) FILTER (WHERE place > ").push_bind(MOST);
        query.push(") AS more FROM (SELECT key, row_number() OVER (ORDER BY task_id DESC) AS place FROM (");
        let filter = &TaskFilter { oldest_first: false, ..filter.clone() };
        let columns = format!("task_id, {key} AS key");
        let part = Part { after: None, limit: MOST + 1 };
        self.branches(filter).await?.push_to(&mut query, &columns, filter, &part);
        query.push(") AS matching) AS placed GROUP BY key ORDER BY count DESC, key");
        let (mut groups, mut capped) = (Vec::new(), false);
        for row in query.build().fetch_all(&self.pool).await? {
            capped |= row.try_get::<i64, _>("more")? > 0;
            groups.push(TaskGroup { key: row.try_get("key")?, count: row.try_get("count")? });
        }
        groups.retain(|group| group.count > 0);
        let count = groups.iter().map(|group| group.count).sum();
        if by.is_none() {
            groups.clear();
        }
        Ok(TaskCount { count, capped, groups })
    }
}
