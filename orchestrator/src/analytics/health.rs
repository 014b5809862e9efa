//! A score of the health: failures, backlog, stale tasks, hosts, dead letters, the database.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;
use utoipa::ToSchema;

use super::{
    Analytics,
    period::{AnalyticsFilter, AnalyticsPeriod, Window, push_filter},
    resources::{OpenTasks, is_of_all},
    totals::TaskTotals,
};
use crate::{database::set::sql, error::Error};

/// How far above its limit a part is worth nothing any more.
const WORTHLESS: f64 = 4.0;

/// A part of the health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HealthPart {
    /// `failures`, `backlog`, `staleness`, `dead_letters`, `workers` or `database`.
    pub name: String,
    /// Its weight in the score.
    pub weight: f64,
    /// From 0 to 100: 100 up to the limit, 0 from four times the limit on.
    pub score: f64,
    /// What was found.
    pub value: f64,
    /// The most that is good.
    pub limit: f64,
    /// What the value is.
    pub reason: String,
}

/// The health, as a score and its parts. Of what belongs to no namespace, only those see anything who see all namespaces.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AnalyticsHealth {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period, for failures. The other parts are as they are now.
    pub period: AnalyticsPeriod,
    /// From 0 to 100: the mean of the parts by weight.
    pub score: f64,
    /// The parts.
    pub parts: Vec<HealthPart>,
}

fn part(name: &str, weight: f64, value: f64, limit: f64, reason: String) -> HealthPart {
    let excess = (value / limit - 1.0) / (WORTHLESS - 1.0);
    let score = 100.0 * (1.0 - excess.clamp(0.0, 1.0));
    HealthPart { name: name.to_owned(), weight, score, value, limit, reason }
}

impl Analytics {
    /// Returns the health.
    ///
    /// # Errors
    /// The database failed, or the period is invalid.
    pub async fn health(&self, filter: &AnalyticsFilter) -> Result<AnalyticsHealth, Error> {
        let window = self.window(filter).await?;
        let open = self.open_tasks(filter).await?;
        self.health_in(filter, &window, &open).await
    }

    pub(super) async fn health_in(
        &self,
        filter: &AnalyticsFilter,
        window: &Window,
        open: &BTreeMap<String, OpenTasks>,
    ) -> Result<AnalyticsHealth, Error> {
        let mut tasks = TaskTotals::default();
        for totals in self.tasks_of(filter, window.period).await?.values() {
            tasks.add(totals);
        }
        let bad = tasks.failed + tasks.blocked;
        let rested = tasks.ended() + tasks.blocked;
        let mut parts = vec![part(
            "failures",
            30.0,
            tasks.error_rate(),
            0.05,
            format!(
                "{bad} of {rested} tasks that ended or were blocked in the period failed or were blocked"
            ),
        )];

        let (open_steps, oldest) = self.open_steps(filter).await?;
        let enqueued = open_steps.get("enqueued").copied().unwrap_or(0);
        let reason = format!("the oldest of {enqueued} enqueued steps has waited for {oldest:.0} s");
        parts.push(part("backlog", 20.0, oldest, 60.0, reason));

        let (all, stale) =
            open.values().fold((0, 0), |(all, stale), open| (all + open.count, stale + open.stale));
        let share = if all == 0 { 0.0 } else { stale as f64 / all as f64 };
        let reason = format!("nothing has happened to {stale} of {all} open tasks for an hour");
        parts.push(part("staleness", 15.0, share, 0.1, reason));

        let (pending, age) = self.dead_letters(filter).await?;
        let reason = format!("{pending} dead letters are pending, the oldest for {age:.0} s");
        parts.push(part("dead_letters", 10.0, age, 3600.0, reason));

        if is_of_all(filter) {
            let hosts = self.hosts().await?;
            // Functions on AWS say nothing of themselves.
            if hosts.present + hosts.silent > 0 {
                let share = hosts.silent as f64 / (hosts.present + hosts.silent) as f64;
                let reason = format!("{} present, {} silent", hosts.present, hosts.silent);
                parts.push(part("workers", 15.0, share, 0.25, reason));
            }
            let (used, most) = self.pool.usage();
            let share = f64::from(used) / f64::from(most.max(1));
            let reason = format!("{used} of {most} connections of this server to the database are in use");
            parts.push(part("database", 10.0, share, 0.8, reason));
        }
        let weights: f64 = parts.iter().map(|part| part.weight).sum();
        let score = parts.iter().map(|part| part.weight * part.score).sum::<f64>() / weights;
        Ok(AnalyticsHealth {
            as_of: window.as_of,
            lag_seconds: window.lag_seconds,
            period: window.period,
            score,
            parts,
        })
    }

    /// Returns how many dead letters are pending, and for how long the oldest is, in seconds.
    async fn dead_letters(&self, filter: &AnalyticsFilter) -> Result<(i64, f64), Error> {
        let mut query = QueryBuilder::new(sql!(
            "SELECT count(*), coalesce(extract(epoch FROM tasker_f.now() - min(created_at)), 0)::float8 FROM (
                 SELECT q.created_at FROM tasker.dlq q JOIN tasker.tasks t ON t.task_id = q.task_id
                 WHERE q.resolution_status = 'pending'"
        ));
        push_filter(&mut query, filter);
        query.push(" ORDER BY q.created_at LIMIT 10000) AS pending");
        let (pending, age): (i64, f64) = query.build_query_as().fetch_one(&self.queries).await?;
        Ok((pending, age.max(0.0)))
    }
}
