//! How the tasks that match a filter are found.
//!
//! A page is in the order of ids. PostgreSQL can walk tasks in that order and drop those without a label, which is right for a
//! common label, or fetch all tasks with the label and sort them, which is right for a rare one. It does not know the
//! frequency of a label that is not among the most common ones, and then walks. So the way is chosen here. A text that may
//! stand for several things has a branch for each.

use std::collections::HashSet;

use sqlx::{Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::{filter::TaskFilter, reader::Reader, search::Search};
use crate::{error::Error, labels};

/// The share of tasks with a label from which on it is common.
const COMMON: f32 = 0.01;

/// The ways to the tasks of a filter.
pub(crate) struct Branches {
    branches: Vec<Branch>,
    /// What the filter's text may stand for, if it has one.
    pub(super) search: Option<Search>,
}

struct Branch {
    condition: Condition,
    /// Whether to fetch all tasks and sort them.
    is_rare: bool,
}

/// What a branch adds to the filter.
enum Condition {
    None,
    AnyLabel(Vec<String>),
    Ids(Uuid, Uuid),
    Templates(Vec<String>, Vec<String>),
}

/// The part of the matching tasks that is read, in order.
pub(crate) struct Part {
    pub(crate) after: Option<Uuid>,
    pub(crate) limit: i64,
}

impl Reader {
    /// Chooses the ways.
    pub(crate) async fn branches(&self, filter: &TaskFilter) -> Result<Branches, Error> {
        let search = match &filter.text {
            Some(text) => Some(self.search(text, &filter.scope).await?),
            None => None,
        };
        let (all, any) = (filter.labels(), filter.any_labels());
        let of_text = search.as_ref().map(|search| search.labels.clone()).unwrap_or_default();
        let common = self.common_labels(&[&all[..], &any, &of_text].concat()).await?;
        let is_common = |label: &String| common.contains(label);
        let is_rare = !all.iter().all(is_common) || (!any.is_empty() && !any.iter().any(is_common));
        let branch = |condition| Branch { condition, is_rare };
        let Some(search) = search else {
            return Ok(Branches { branches: vec![branch(Condition::None)], search: None });
        };
        let (often, seldom): (Vec<_>, Vec<_>) = of_text.into_iter().partition(is_common);
        let mut branches = vec![Branch { condition: Condition::AnyLabel(seldom), is_rare: true }];
        branches.extend(often.into_iter().map(|label| branch(Condition::AnyLabel(vec![label]))));
        branches.extend(search.ids.map(|(first, last)| branch(Condition::Ids(first, last))));
        let (namespaces, names) = &search.templates;
        if !names.is_empty() {
            branches.push(branch(Condition::Templates(namespaces.clone(), names.clone())));
        }
        Ok(Branches { branches, search: Some(search) })
    }

    /// Returns the common ones of these labels, as far as PostgreSQL's statistics know.
    async fn common_labels(&self, labels: &[String]) -> Result<HashSet<String>, Error> {
        if labels.is_empty() {
            return Ok(HashSet::new());
        }
        let row = sqlx::query(
            "SELECT count(*) AS known, array(
                 SELECT e.label FROM pg_stats s
                 CROSS JOIN unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) AS e (label, share)
                 WHERE s.schemaname = 'tasker' AND s.tablename = 'tasks' AND s.attname = 'labels'
                     AND e.label = ANY ($1) AND e.share >= $2) AS common
             FROM pg_stats WHERE schemaname = 'tasker' AND tablename = 'tasks' AND attname = 'labels'",
        )
        .bind(labels)
        .bind(COMMON)
        .fetch_one(&self.pool)
        .await?;
        if row.try_get::<i64, _>("known")? == 0 {
            // Without statistics, as after an upgrade: what few values have is common.
            return Ok(labels.iter().filter(|label| labels::is_often_common(label)).cloned().collect());
        }
        let common: Vec<String> = row.try_get("common")?;
        Ok(common.into_iter().collect())
    }
}

impl Branches {
    /// Adds a query of these columns of the matching tasks, which must contain `task_id`.
    pub(crate) fn push_to(
        &self,
        query: &mut QueryBuilder<Postgres>,
        columns: &str,
        filter: &TaskFilter,
        part: &Part,
    ) {
        if let [branch] = &self.branches[..] {
            return branch.push_to(query, columns, filter, part);
        }
        // A task may be found in several ways.
        query.push("SELECT * FROM (SELECT DISTINCT ON (task_id) * FROM (");
        for (place, branch) in self.branches.iter().enumerate() {
            query.push(if place == 0 { "(" } else { ") UNION ALL (" });
            branch.push_to(query, columns, filter, part);
        }
        query.push(")) found ORDER BY task_id) once");
        push_order(query, filter, part.limit);
    }
}

impl Branch {
    fn push_to(&self, query: &mut QueryBuilder<Postgres>, columns: &str, filter: &TaskFilter, part: &Part) {
        let matching = |query: &mut QueryBuilder<Postgres>| {
            query.push(format!("SELECT {columns} FROM tasker.tasks t WHERE true"));
            filter.push_to(query);
            if let Some(after) = part.after {
                let follows = if filter.oldest_first { ">" } else { "<" };
                query.push(format!(" AND task_id {follows} ")).push_bind(after);
            }
        };
        if let Condition::Templates(namespaces, names) = &self.condition {
            query.push("SELECT of_template.* FROM unnest(");
            query.push_bind(namespaces.clone()).push("::text[], ").push_bind(names.clone());
            query.push("::text[]) AS w (of_namespace, of_name) CROSS JOIN LATERAL (");
            if self.is_rare {
                query.push("SELECT * FROM (");
            }
            matching(query);
            query.push(" AND t.namespace = of_namespace AND t.name = of_name");
            if self.is_rare {
                query.push(" OFFSET 0) rare");
            }
            push_order(query, filter, part.limit);
            query.push(") of_template");
            return push_order(query, filter, part.limit);
        }
        if self.is_rare {
            query.push("SELECT * FROM (");
        }
        matching(query);
        match &self.condition {
            Condition::AnyLabel(labels) => {
                query.push(" AND labels <> '{}' AND labels && ").push_bind(labels.clone());
            }
            Condition::Ids(first, last) => {
                query.push(" AND task_id BETWEEN ").push_bind(*first).push(" AND ").push_bind(*last);
            }
            Condition::None | Condition::Templates(..) => {}
        }
        if self.is_rare {
            // The planner does not look past this, so it does not walk in the hope of an early end.
            query.push(" OFFSET 0) rare");
        }
        push_order(query, filter, part.limit);
    }
}

fn push_order(query: &mut QueryBuilder<Postgres>, filter: &TaskFilter, limit: i64) {
    let order = if filter.oldest_first { "ASC" } else { "DESC" };
    query.push(format!(" ORDER BY task_id {order} LIMIT ")).push_bind(limit);
}
