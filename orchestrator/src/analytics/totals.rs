//! What was counted in a period, by template version and step.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    Analytics,
    histogram::Histogram,
    period::{AnalyticsFilter, AnalyticsPeriod, push_filter},
};
use crate::error::Error;

/// The name of steps that are gone: operators have rerun their tasks without them.
const GONE: &str = "(removed)";

/// A version of a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TemplateVersion {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) version: String,
}

/// Tasks of a template version.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskTotals {
    pub(super) created: i64,
    pub(super) completed: i64,
    pub(super) failed: i64,
    pub(super) cancelled: i64,
    pub(super) resolved: i64,
    pub(super) blocked: i64,
    pub(super) seconds: f64,
    pub(super) longest: f64,
    pub(super) last_bucket: Option<DateTime<Utc>>,
    pub(super) duration: Histogram,
}

/// Executions of a step of a template version.
#[derive(Debug, Clone, Default)]
pub(super) struct StepTotals {
    /// Where its limits are written: the latest release, and the index of its step.
    pub(super) place: Option<(Uuid, usize)>,
    pub(super) succeeded: i64,
    pub(super) checkpoints: i64,
    pub(super) retryable: i64,
    pub(super) permanent: i64,
    pub(super) timeout: i64,
    pub(super) lost: i64,
    pub(super) over_limit: i64,
    pub(super) given_up: i64,
    pub(super) succeeded_second: i64,
    pub(super) succeeded_later: i64,
    pub(super) retries: i64,
    pub(super) backoff_seconds: f64,
    pub(super) starts: i64,
    pub(super) wait_seconds: f64,
    pub(super) runs: i64,
    pub(super) run_seconds: f64,
    pub(super) longest: f64,
    pub(super) cpu_seconds: f64,
    pub(super) peak_memory: i64,
    pub(super) gib_seconds: f64,
    pub(super) last_at: Option<DateTime<Utc>>,
    pub(super) run: Histogram,
    pub(super) wait: Histogram,
}

impl TaskTotals {
    pub(super) fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.completed += other.completed;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.resolved += other.resolved;
        self.blocked += other.blocked;
        self.seconds += other.seconds;
        self.longest = self.longest.max(other.longest);
        self.last_bucket = self.last_bucket.max(other.last_bucket);
        self.duration.merge(&other.duration);
    }

    /// Those that ended.
    pub(super) fn ended(&self) -> i64 {
        self.completed + self.failed + self.cancelled + self.resolved
    }

    /// The part, of those that ended or were blocked, that failed or were blocked.
    pub(super) fn error_rate(&self) -> f64 {
        ratio(self.failed + self.blocked, self.ended() + self.blocked)
    }

    pub(super) fn average(&self) -> Option<f64> {
        (self.completed > 0).then(|| self.seconds / self.completed as f64)
    }
}

impl StepTotals {
    pub(super) fn add(&mut self, other: &Self) {
        self.place = self.place.max(other.place);
        self.succeeded += other.succeeded;
        self.checkpoints += other.checkpoints;
        self.retryable += other.retryable;
        self.permanent += other.permanent;
        self.timeout += other.timeout;
        self.lost += other.lost;
        self.over_limit += other.over_limit;
        self.given_up += other.given_up;
        self.succeeded_second += other.succeeded_second;
        self.succeeded_later += other.succeeded_later;
        self.retries += other.retries;
        self.backoff_seconds += other.backoff_seconds;
        self.starts += other.starts;
        self.wait_seconds += other.wait_seconds;
        self.runs += other.runs;
        self.run_seconds += other.run_seconds;
        self.longest = self.longest.max(other.longest);
        self.cpu_seconds += other.cpu_seconds;
        self.peak_memory = self.peak_memory.max(other.peak_memory);
        self.gib_seconds += other.gib_seconds;
        self.last_at = self.last_at.max(other.last_at);
        self.run.merge(&other.run);
        self.wait.merge(&other.wait);
    }

    /// Attempts that failed.
    pub(super) fn failures(&self) -> i64 {
        self.retryable + self.permanent + self.timeout + self.lost + self.over_limit
    }

    /// Attempts that ended.
    pub(super) fn attempts(&self) -> i64 {
        self.succeeded + self.failures()
    }

    pub(super) fn error_rate(&self) -> f64 {
        ratio(self.failures(), self.attempts())
    }

    pub(super) fn average(&self) -> Option<f64> {
        (self.runs > 0).then(|| self.run_seconds / self.runs as f64)
    }

    pub(super) fn average_wait(&self) -> Option<f64> {
        (self.starts > 0).then(|| self.wait_seconds / self.starts as f64)
    }
}

/// A part of a whole; 0 of nothing.
pub(super) fn ratio(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Begins a query with the releases of a filter, as `release`.
pub(super) fn query(filter: &AnalyticsFilter) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "WITH release AS MATERIALIZED (
             SELECT r.release_id, t.namespace, t.name, t.version, t.published_at, r.created_at
             FROM tasker.releases r JOIN tasker.templates t ON t.template_id = r.template_id WHERE true",
    );
    push_filter(&mut query, filter);
    query.push(")");
    query
}

/// Ends a query with the buckets of a period, of the table `s`.
pub(super) fn push_period(query: &mut QueryBuilder<Postgres>, period: AnalyticsPeriod) {
    query.push(" WHERE s.minutes = ").push_bind(period.bucket_minutes);
    query.push(" AND s.bucket >= ").push_bind(period.from);
    query.push(" AND s.bucket < ").push_bind(period.to);
}

/// The name of a step, of `s`.
pub(super) const STEP: &str =
    "LEFT JOIN tasker.release_steps d ON d.release_id = s.release_id AND d.step_index = s.template_step";

pub(super) fn version(row: &PgRow) -> Result<TemplateVersion, Error> {
    Ok(TemplateVersion {
        namespace: row.try_get("namespace")?,
        name: row.try_get("name")?,
        version: row.try_get("version")?,
    })
}

pub(super) fn step(row: &PgRow) -> Result<String, Error> {
    Ok(row.try_get::<Option<String>, _>("step")?.unwrap_or_else(|| GONE.to_owned()))
}

impl Analytics {
    /// Returns what tasks did in a period, by version.
    pub(super) async fn tasks_of(
        &self,
        filter: &AnalyticsFilter,
        period: AnalyticsPeriod,
    ) -> Result<BTreeMap<TemplateVersion, TaskTotals>, Error> {
        let mut query = query(filter);
        query.push(
            " SELECT r.namespace, r.name, r.version, sum(s.created)::bigint AS created, sum(s.completed)::bigint AS completed,
                 sum(s.failed)::bigint AS failed, sum(s.cancelled)::bigint AS cancelled, sum(s.resolved)::bigint AS resolved,
                 sum(s.blocked)::bigint AS blocked, (sum(s.duration_us) / 1e6)::float8 AS seconds,
                 max(s.longest_us) / 1e6::float8 AS longest, max(s.bucket) AS last_bucket
             FROM tasker.analytics_tasks s JOIN release r ON r.release_id = s.release_id",
        );
        push_period(&mut query, period);
        query.push(" GROUP BY r.namespace, r.name, r.version");
        let mut all = BTreeMap::new();
        for row in query.build().fetch_all(&self.queries).await? {
            let totals = TaskTotals {
                created: row.try_get("created")?,
                completed: row.try_get("completed")?,
                failed: row.try_get("failed")?,
                cancelled: row.try_get("cancelled")?,
                resolved: row.try_get("resolved")?,
                blocked: row.try_get("blocked")?,
                seconds: row.try_get("seconds")?,
                longest: row.try_get("longest")?,
                last_bucket: row.try_get("last_bucket")?,
                duration: Histogram::default(),
            };
            all.insert(version(&row)?, totals);
        }
        for row in self.histograms(filter, period, true).await? {
            if let Some(totals) = all.get_mut(&version(&row)?) {
                let (cells, counts): (Vec<i16>, Vec<i64>) = (row.try_get("cells")?, row.try_get("counts")?);
                totals.duration.add(&cells, &counts);
            }
        }
        Ok(all)
    }

    /// Returns what steps did in a period, by version and step.
    pub(super) async fn steps_of(
        &self,
        filter: &AnalyticsFilter,
        period: AnalyticsPeriod,
    ) -> Result<BTreeMap<(TemplateVersion, String), StepTotals>, Error> {
        let mut query = query(filter);
        query.push(
            " SELECT r.namespace, r.name, r.version, d.name AS step,
                 (array_agg(r.release_id ORDER BY r.created_at DESC))[1] AS release_id,
                 (array_agg(s.template_step ORDER BY r.created_at DESC))[1] AS template_step,
                 sum(s.succeeded)::bigint AS succeeded, sum(s.checkpoints)::bigint AS checkpoints,
                 sum(s.retryable)::bigint AS retryable, sum(s.permanent)::bigint AS permanent,
                 sum(s.timeout)::bigint AS timeout, sum(s.lost)::bigint AS lost, sum(s.over_limit)::bigint AS over_limit,
                 sum(s.given_up)::bigint AS given_up, sum(s.succeeded_second)::bigint AS succeeded_second,
                 sum(s.succeeded_later)::bigint AS succeeded_later, sum(s.retries)::bigint AS retries,
                 (sum(s.backoff_us) / 1e6)::float8 AS backoff_seconds, sum(s.starts)::bigint AS starts,
                 (sum(s.wait_us) / 1e6)::float8 AS wait_seconds, sum(s.runs)::bigint AS runs,
                 (sum(s.run_us) / 1e6)::float8 AS run_seconds, max(s.longest_us) / 1e6::float8 AS longest,
                 (sum(s.cpu_us) / 1e6)::float8 AS cpu_seconds, max(s.peak_memory) AS peak_memory,
                 (sum(s.kib_us) / 1048576e6)::float8 AS gib_seconds, max(s.last_at) AS last_at
             FROM tasker.analytics_steps s JOIN release r ON r.release_id = s.release_id ",
        );
        query.push(STEP);
        push_period(&mut query, period);
        query.push(" GROUP BY r.namespace, r.name, r.version, d.name");
        let mut all = BTreeMap::new();
        for row in query.build().fetch_all(&self.queries).await? {
            all.insert((version(&row)?, step(&row)?), step_totals(&row)?);
        }
        for row in self.histograms(filter, period, false).await? {
            if let Some(totals) = all.get_mut(&(version(&row)?, step(&row)?)) {
                let (cells, counts): (Vec<i16>, Vec<i64>) = (row.try_get("cells")?, row.try_get("counts")?);
                let is_wait = row.try_get::<&str, _>("kind")? == "wait";
                let histogram = if is_wait { &mut totals.wait } else { &mut totals.run };
                histogram.add(&cells, &counts);
            }
        }
        Ok(all)
    }

    async fn histograms(
        &self,
        filter: &AnalyticsFilter,
        period: AnalyticsPeriod,
        of_tasks: bool,
    ) -> Result<Vec<PgRow>, Error> {
        let mut query = query(filter);
        query.push(
            " SELECT r.namespace, r.name, r.version, d.name AS step, s.kind, s.cells, s.counts
             FROM tasker.analytics_histogram s JOIN release r ON r.release_id = s.release_id ",
        );
        query.push(STEP);
        push_period(&mut query, period);
        query.push(" AND (s.kind = 'task') = ").push_bind(of_tasks);
        Ok(query.build().fetch_all(&self.queries).await?)
    }
}

fn step_totals(row: &PgRow) -> Result<StepTotals, Error> {
    let release: Uuid = row.try_get("release_id")?;
    let index: i32 = row.try_get("template_step")?;
    Ok(StepTotals {
        place: usize::try_from(index).ok().map(|index| (release, index)),
        succeeded: row.try_get("succeeded")?,
        checkpoints: row.try_get("checkpoints")?,
        retryable: row.try_get("retryable")?,
        permanent: row.try_get("permanent")?,
        timeout: row.try_get("timeout")?,
        lost: row.try_get("lost")?,
        over_limit: row.try_get("over_limit")?,
        given_up: row.try_get("given_up")?,
        succeeded_second: row.try_get("succeeded_second")?,
        succeeded_later: row.try_get("succeeded_later")?,
        retries: row.try_get("retries")?,
        backoff_seconds: row.try_get("backoff_seconds")?,
        starts: row.try_get("starts")?,
        wait_seconds: row.try_get("wait_seconds")?,
        runs: row.try_get("runs")?,
        run_seconds: row.try_get("run_seconds")?,
        longest: row.try_get("longest")?,
        cpu_seconds: row.try_get("cpu_seconds")?,
        peak_memory: row.try_get("peak_memory")?,
        gib_seconds: row.try_get("gib_seconds")?,
        last_at: row.try_get("last_at")?,
        run: Histogram::default(),
        wait: Histogram::default(),
    })
}
