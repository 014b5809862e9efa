//! A point in time of a filter.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// A point in time: a `DateTime<Utc>`, or how long ago (a `Duration`, from now).
///
/// Pages that are fetched one by one ([`List::cursor`](crate::List::cursor)) need the same moment, not the same duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(DateTime<Utc>);

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at)
    }
}

impl From<Duration> for Moment {
    fn from(ago: Duration) -> Self {
        let ago = TimeDelta::from_std(ago).unwrap_or(TimeDelta::MAX);
        Self(Utc::now().checked_sub_signed(ago).unwrap_or(DateTime::UNIX_EPOCH))
    }
}

/// RFC 3339.
impl std::fmt::Display for Moment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}
