//! Which part of the history an analysis is about.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Executor, Postgres, QueryBuilder};
use utoipa::ToSchema;

use super::Analytics;
use crate::{access::Scope, database::set::sql, error::Error};

/// Which tasks an analysis is about.
#[derive(Debug, Clone, Default)]
pub struct AnalyticsFilter {
    /// Only what the caller may see.
    pub scope: Scope,
    /// Only tasks of this namespace.
    pub namespace: Option<String>,
    /// Only tasks of this template.
    pub name: Option<String>,
    /// Only tasks of this version.
    pub version: Option<String>,
    /// The beginning.
    pub from: Option<DateTime<Utc>>,
    /// The end. None: now.
    pub to: Option<DateTime<Utc>>,
    /// Without a beginning: so many hours before the end.
    pub hours: u32,
    /// The maximum number of rows.
    pub limit: u32,
}

/// The period that an analysis is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnalyticsPeriod {
    /// Its beginning: the one that was asked for, rounded down to whole buckets.
    pub from: DateTime<Utc>,
    /// Its end: the one that was asked for, rounded up to whole buckets, but not beyond now.
    pub to: DateTime<Utc>,
    /// The length of the buckets that were added up: 1, 60 or 1440.
    pub bucket_minutes: i16,
}

/// A period, and how far the history has been counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) period: AnalyticsPeriod,
    /// Everything before is counted.
    pub(super) as_of: DateTime<Utc>,
    pub(super) lag_seconds: f64,
    pub(super) now: DateTime<Utc>,
}

impl AnalyticsPeriod {
    /// The period of buckets that hold this one, still kept at this moment and not more than needed.
    fn new(from: DateTime<Utc>, to: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let length = to - from;
        // The period before is read, too.
        let age = |limit: TimeDelta| now - from + length <= limit;
        let bucket_minutes = if length <= TimeDelta::hours(3) && age(TimeDelta::hours(48)) {
            1
        } else if length <= TimeDelta::days(60) && age(TimeDelta::days(90)) {
            60
        } else {
            1440
        };
        let period = Self { from, to, bucket_minutes }.rounded();
        // A bucket counts as a whole: the period ends with it, or now.
        let bucket = TimeDelta::minutes(bucket_minutes.into());
        let whole =
            to.duration_trunc(bucket).ok().filter(|begin| *begin < to).map_or(to, |begin| begin + bucket);
        Self { to: whole.min(now.max(to)), ..period }
    }

    /// With buckets of this length.
    pub(super) fn with_buckets(self, bucket_minutes: i16) -> Self {
        Self { bucket_minutes, ..self }.rounded()
    }

    fn rounded(self) -> Self {
        let bucket = TimeDelta::minutes(self.bucket_minutes.into());
        Self { from: self.from.duration_trunc(bucket).unwrap_or(self.from), ..self }
    }

    /// The period of the same length before.
    pub(super) fn previous(self) -> Self {
        Self { from: self.from - (self.to - self.from), to: self.from, ..self }.rounded()
    }

    /// Its length, in hours.
    pub(super) fn hours(self) -> f64 {
        (self.to - self.from).as_seconds_f64() / 3600.0
    }
}

impl Analytics {
    /// Returns the period of a filter, and how far the history has been counted.
    pub(super) async fn window(&self, filter: &AnalyticsFilter) -> Result<Window, Error> {
        let (now, as_of) = counted(&self.queries).await?;
        let to = filter.to.map_or(now, |to| to.min(now));
        let from = match filter.from {
            Some(from) => from,
            None => to
                .checked_sub_signed(TimeDelta::hours(filter.hours.into()))
                .ok_or_else(|| invalid("hours", "reaches before the beginning of time"))?,
        };
        if from >= to {
            return Err(invalid("from", "must be before `to` and in the past"));
        }
        let period = AnalyticsPeriod::new(from, to, now);
        Ok(Window { period, as_of, lag_seconds: (now - as_of).as_seconds_f64().max(0.0), now })
    }
}

/// Returns the time, and the time before which everything is counted.
pub(crate) async fn counted<'a>(
    database: impl Executor<'a, Database = Postgres>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Error> {
    let times = sqlx::query_as(sql!(
        "SELECT now, coalesce((
             SELECT least(a.at, now) FROM tasker.audit a
             WHERE a.audit_id > (SELECT settled FROM tasker.analytics_progress) ORDER BY a.audit_id LIMIT 1), now)
         FROM (SELECT tasker_f.now() AS now) AS clock"
    ));
    Ok(times.fetch_one(database).await?)
}

/// Limits a query to the tasks or the templates `t` of a filter.
pub(super) fn push_filter(query: &mut QueryBuilder<Postgres>, filter: &AnalyticsFilter) {
    if let Some(namespaces) = filter.scope.sql() {
        let namespaces: Vec<String> = namespaces.into_iter().map(str::to_owned).collect();
        query.push(" AND t.namespace = ANY (").push_bind(namespaces).push(")");
    }
    for (column, value) in
        [("t.namespace", &filter.namespace), ("t.name", &filter.name), ("t.version", &filter.version)]
    {
        if let Some(value) = value {
            query.push(" AND ").push(column).push(" = ").push_bind(value.clone());
        }
    }
}

fn invalid(field: &'static str, message: &str) -> Error {
    Error::InvalidRequest { field, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_as_fine_as_they_are_kept() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let now = at("2026-11-30T12:34:56Z");
        for (from, to, minutes, rounded) in [
            ("2026-11-30T11:34:56Z", "2026-11-30T12:34:56Z", 1, "2026-11-30T11:34:00Z"),
            ("2026-11-29T12:34:56Z", "2026-11-30T12:34:56Z", 60, "2026-11-29T12:00:00Z"),
            // Minutes of that time are gone.
            ("2026-11-20T11:34:56Z", "2026-11-20T12:34:56Z", 60, "2026-11-20T11:00:00Z"),
            ("2026-07-01T11:34:56Z", "2026-07-01T12:34:56Z", 1440, "2026-07-01T00:00:00Z"),
            ("2026-09-15T11:34:56Z", "2026-11-30T12:34:56Z", 1440, "2026-09-15T00:00:00Z"),
        ] {
            let period = AnalyticsPeriod::new(at(from), at(to), now);
            assert_eq!((period.bucket_minutes, period.from), (minutes, at(rounded)), "{from}");
        }
        let day = AnalyticsPeriod::new(at("2026-11-29T12:00:00Z"), at("2026-11-30T12:00:00Z"), now);
        assert_eq!((day.previous().from, day.previous().to), (at("2026-11-28T12:00:00Z"), day.from));
        let short = AnalyticsPeriod::new(at("2026-11-20T10:00:00Z"), at("2026-11-20T10:05:00Z"), now);
        assert_eq!((short.from, short.to), (at("2026-11-20T10:00:00Z"), at("2026-11-20T11:00:00Z")));
        // The minutes of the hour before are gone.
        let edge = AnalyticsPeriod::new(at("2026-11-28T13:00:00Z"), at("2026-11-28T14:00:00Z"), now);
        assert_eq!(edge.bucket_minutes, 60);
    }
}
