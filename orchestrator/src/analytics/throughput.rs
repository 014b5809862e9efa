//! What happened over time.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Analytics,
    period::{AnalyticsFilter, AnalyticsPeriod},
    totals::{push_period, query},
};
use crate::error::Error;

/// The most points of a series.
const MOST_POINTS: i64 = 1500;

/// The time between two points of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ThroughputInterval {
    /// What gives about a hundred points.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// A minute.
    #[serde(rename = "1m")]
    Minute,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// A quarter of an hour.
    #[serde(rename = "15m")]
    Quarter,
    /// An hour.
    #[serde(rename = "1h")]
    Hour,
    /// Six hours.
    #[serde(rename = "6h")]
    SixHours,
    /// A day (UTC).
    #[serde(rename = "1d")]
    Day,
}

/// A point of a series: what happened from its time until the next point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThroughputPoint {
    /// Its time.
    pub at: DateTime<Utc>,
    /// The tasks that were created.
    pub created: i64,
    /// The tasks that completed.
    pub completed: i64,
    /// The tasks that ended in `error` or were blocked by failures.
    pub failed: i64,
    /// The attempts of steps that ended.
    pub step_attempts: i64,
    /// The attempts of steps that failed.
    pub step_failures: i64,
}

/// A series of points, without gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThroughputSeries {
    /// The namespace of the template. None: all together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name of the template. None: all together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The points.
    pub points: Vec<ThroughputPoint>,
}

/// What happened over time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Throughput {
    /// Everything before is counted.
    pub as_of: DateTime<Utc>,
    /// How long ago that is, in seconds.
    pub lag_seconds: f64,
    /// The period.
    pub period: AnalyticsPeriod,
    /// The time between two points, in minutes.
    pub interval_minutes: i64,
    /// The series: one, or one of each template, the one with most tasks first.
    pub series: Vec<ThroughputSeries>,
}

/// The points of a series, by their times.
type Points = BTreeMap<DateTime<Utc>, ThroughputPoint>;
/// Namespace, name, bucket, and the numbers of a point.
type Row = (String, String, DateTime<Utc>, i64, i64, i64, i64, i64);

impl ThroughputInterval {
    fn minutes(self, period: AnalyticsPeriod) -> i64 {
        match self {
            Self::Minute => 1,
            Self::FiveMinutes => 5,
            Self::Quarter => 15,
            Self::Hour => 60,
            Self::SixHours => 360,
            Self::Day => 1440,
            Self::Auto => match (period.to - period.from).num_hours() {
                ..=2 => 1,
                3..=11 => 5,
                12..=36 => 15,
                37..=168 => 60,
                169..=1080 => 360,
                _ => 1440,
            },
        }
    }
}

/// The most points of all series together. Beyond, the series with the fewest tasks are left out.
const MOST_POINTS_IN_ALL: usize = 100_000;

impl Analytics {
    /// Returns what happened over time, of all templates together or of each.
    ///
    /// # Errors
    /// The database failed, the period is invalid, or has too many intervals.
    pub async fn throughput(
        &self,
        filter: &AnalyticsFilter,
        interval: ThroughputInterval,
        by_template: bool,
    ) -> Result<Throughput, Error> {
        let window = self.window(filter).await?;
        // As fine as buckets of the time are kept.
        let finest = match window.now - window.period.from {
            age if age <= TimeDelta::hours(48) => 1,
            age if age <= TimeDelta::days(90) => 60,
            _ => 1440,
        };
        let minutes = interval.minutes(window.period).max(finest);
        let bucket = [1440, 60, 1].into_iter().find(|bucket| minutes % bucket == 0).unwrap_or(1).max(finest);
        let step = TimeDelta::minutes(minutes);
        let mut period = window.period.with_buckets(i16::try_from(bucket).unwrap_or(1440));
        period.from = period.from.duration_trunc(step).unwrap_or(period.from);
        if (period.to - period.from).num_minutes() / minutes > MOST_POINTS {
            return Err(Error::InvalidRequest {
                field: "interval",
                message: format!(
                    "gives more than {MOST_POINTS} points: choose a longer one, or a shorter period"
                ),
            });
        }
        let mut series: BTreeMap<Option<(String, String)>, Points> = BTreeMap::new();
        if !by_template {
            series.insert(None, BTreeMap::new());
        }
        for (table, columns) in [
            (
                "analytics_tasks",
                "sum(s.created)::bigint, sum(s.completed)::bigint, sum(s.failed + s.blocked)::bigint, 0::bigint, 0::bigint",
            ),
            (
                "analytics_steps",
                "0::bigint, 0::bigint, 0::bigint,
                 sum(s.succeeded + s.retryable + s.permanent + s.timeout + s.lost + s.over_limit)::bigint,
                 sum(s.retryable + s.permanent + s.timeout + s.lost + s.over_limit)::bigint",
            ),
        ] {
            let mut query = query(filter);
            query.push(" SELECT r.namespace, r.name, s.bucket, ").push(columns);
            query.push(" FROM tasker.").push(table).push(" s JOIN release r ON r.release_id = s.release_id");
            push_period(&mut query, period);
            query.push(" GROUP BY r.namespace, r.name, s.bucket");
            let rows: Vec<Row> = query.build_query_as().fetch_all(&self.queries).await?;
            for (namespace, name, bucket, created, completed, failed, attempts, failures) in rows {
                let at = bucket.duration_trunc(step).unwrap_or(bucket);
                let points = series.entry(by_template.then_some((namespace, name))).or_default();
                let point = points.entry(at).or_insert_with(|| empty(at));
                point.created += created;
                point.completed += completed;
                point.failed += failed;
                point.step_attempts += attempts;
                point.step_failures += failures;
            }
        }
        let fill = |(template, mut points): (Option<(String, String)>, Points)| {
            let mut at = period.from;
            while at < period.to {
                points.entry(at).or_insert_with(|| empty(at));
                at += step;
            }
            let (namespace, name) = template.unzip();
            ThroughputSeries { namespace, name, points: points.into_values().collect() }
        };
        let tasks = |points: &Points| points.values().map(|point| point.created).sum::<i64>();
        let mut series: Vec<(Option<(String, String)>, Points)> = series.into_iter().collect();
        series.sort_by_key(|(_, points)| std::cmp::Reverse(tasks(points)));
        let points = usize::try_from((period.to - period.from).num_minutes() / minutes).unwrap_or(1).max(1);
        series.truncate((filter.limit as usize).min(MOST_POINTS_IN_ALL / points).max(1));
        let series: Vec<ThroughputSeries> = series.into_iter().map(fill).collect();
        Ok(Throughput {
            as_of: window.as_of,
            lag_seconds: window.lag_seconds,
            period,
            interval_minutes: minutes,
            series,
        })
    }
}

fn empty(at: DateTime<Utc>) -> ThroughputPoint {
    ThroughputPoint { at, created: 0, completed: 0, failed: 0, step_attempts: 0, step_failures: 0 }
}
