//! Failures by type: how many, since when, since which version.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Analytics,
    period::{AnalyticsFilter, AnalyticsPeriod},
    table::table,
    tables::sort,
    totals::{STEP, push_period, query, step},
};
use crate::error::Error;

/// The failures of a step with a type, all versions together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorStatistics {
    /// The namespace of the template.
    pub namespace: String,
    /// The name of the template.
    pub name: String,
    /// The step.
    pub step: String,
    /// The type of the failures. `other` counts every type after the first fifty of a step in a bucket.
    pub error_type: String,
    /// How many attempts failed with it.
    pub count: i64,
    /// How many in the period of the same length before.
    pub previous_count: i64,
    /// How that has changed: 0.1 is 10 % more. None: there were none before.
    pub trend: Option<f64>,
    /// The day (UTC) on which it was first seen, as far as history is kept.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen_at: DateTime<Utc>,
    /// The first published version of the template that it was seen in.
    pub since_version: String,
    /// Tasks in which it was last seen, at most five.
    pub sample_tasks: Vec<Uuid>,
}

table! {
    /// Failures by step and type.
    ErrorTable of ErrorStatistics
}

type Key = (String, String, String, String);

struct Seen {
    count: i64,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    since_version: String,
    tasks: Vec<Uuid>,
}

impl Analytics {
    /// Returns the types of failures in a period, the most frequent first.
    ///
    /// # Errors
    /// The database failed, or the period is invalid.
    pub async fn errors(&self, filter: &AnalyticsFilter) -> Result<ErrorTable, Error> {
        let window = self.window(filter).await?;
        let now = self.seen(filter, window.period).await?;
        let before = self.seen(filter, window.period.previous()).await?;
        // The period before may be a little longer, because it has whole buckets.
        let longer = window.period.previous().hours() / window.period.hours();
        let mut rows: Vec<ErrorStatistics> = now
            .into_iter()
            .map(|(key, seen)| {
                let previous_count = before.get(&key).map_or(0, |seen| seen.count);
                let (namespace, name, step, error_type) = key;
                ErrorStatistics {
                    namespace,
                    name,
                    step,
                    error_type,
                    count: seen.count,
                    previous_count,
                    trend: (previous_count > 0)
                        .then(|| seen.count as f64 * longer / previous_count as f64 - 1.0),
                    first_seen_at: seen.first,
                    last_seen_at: seen.last,
                    since_version: seen.since_version,
                    sample_tasks: seen.tasks,
                }
            })
            .collect();
        sort(&mut rows, filter.limit, |row| row.count as f64);
        // Of those that are shown only: the whole history is longer than the period.
        let history =
            AnalyticsPeriod { from: DateTime::UNIX_EPOCH, to: window.period.to, bucket_minutes: 1440 };
        if !rows.is_empty() {
            let all = self.seen(filter, history).await?;
            for row in &mut rows {
                let key = (row.namespace.clone(), row.name.clone(), row.step.clone(), row.error_type.clone());
                if let Some(seen) = all.get(&key) {
                    row.first_seen_at = seen.first;
                    row.since_version.clone_from(&seen.since_version);
                }
            }
        }
        Ok(ErrorTable::new(&window, rows))
    }

    async fn seen(
        &self,
        filter: &AnalyticsFilter,
        period: AnalyticsPeriod,
    ) -> Result<BTreeMap<Key, Seen>, Error> {
        let mut query = query(filter);
        query.push(
            " SELECT r.namespace, r.name, d.name AS step, s.error_type, sum(s.count)::bigint AS count, min(s.bucket) AS first,
                 max(s.last_at) AS last, (array_agg(r.version ORDER BY r.published_at))[1] AS since_version,
                 (array_agg(s.last_task ORDER BY s.last_at DESC))[1:100] AS tasks
             FROM tasker.analytics_errors s JOIN release r ON r.release_id = s.release_id ",
        );
        query.push(STEP);
        push_period(&mut query, period);
        query.push(" GROUP BY r.namespace, r.name, d.name, s.error_type");
        let mut all = BTreeMap::new();
        for row in query.build().fetch_all(&self.queries).await? {
            let key =
                (row.try_get("namespace")?, row.try_get("name")?, step(&row)?, row.try_get("error_type")?);
            let mut tasks: Vec<Uuid> = Vec::new();
            for task in row.try_get::<Vec<Uuid>, _>("tasks")? {
                if tasks.len() < 5 && !tasks.contains(&task) {
                    tasks.push(task);
                }
            }
            let seen = Seen {
                count: row.try_get("count")?,
                first: row.try_get("first")?,
                last: row.try_get("last")?,
                since_version: row.try_get("since_version")?,
                tasks,
            };
            all.insert(key, seen);
        }
        Ok(all)
    }
}
