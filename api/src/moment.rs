//! Moments in parameters: an RFC 3339 time, or how long ago.

use std::time::Duration;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Reads a duration: `90s`, `15m`, `12h` or `7d`.
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) DateTime<Utc>);

impl Moment {
    fn parse(text: &str, now: DateTime<Utc>) -> Option<Self> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Some(Self(time.to_utc()));
        }
        let ago = TimeDelta::from_std(duration(text)?).ok()?;
        // To the minute, so that those who ask for the same hours ask for the same list.
        let now =
            if ago >= TimeDelta::hours(1) { now.duration_trunc(TimeDelta::minutes(1)).ok()? } else { now };
        now.checked_sub_signed(ago).map(Self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, Utc::now()).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is neither an RFC 3339 time (`2026-11-30T08:00:00Z`) nor a past duration (`15m`, `2h`, `7d`)"
            ))
        })
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_a_past_duration() {
        let now = DateTime::parse_from_rfc3339("2026-11-30T12:00:00Z").unwrap().to_utc();
        for (text, expected) in [
            ("2026-11-30T10:00:00+02:00", "2026-11-30T08:00:00Z"),
            ("90s", "2026-11-30T11:58:30Z"),
            ("15m", "2026-11-30T11:45:00Z"),
            ("2h", "2026-11-30T10:00:00Z"),
            ("7d", "2026-11-23T12:00:00Z"),
        ] {
            let moment = Moment::parse(text, now).unwrap();
            assert_eq!(moment.0, DateTime::parse_from_rfc3339(expected).unwrap(), "{text}");
        }
        for text in
            ["", "5", "m", "-5m", "5w", "2026-11-30", "99999999999999999999d", "9223372036854775807d", "é"]
        {
            assert_eq!(Moment::parse(text, now), None, "{text}");
        }
    }
}
