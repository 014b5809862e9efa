//! Dates in HTTP headers.

use std::time::{Duration, SystemTime};

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Parses an HTTP date: `Wed, 21 Oct 2026 07:28:00 GMT`, the only form that servers may send (RFC 9110).
/// Dates before 1994 are not supported.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let mut words = text.split_ascii_whitespace().skip(1);
    let day = number(words.next()?, 1, 31)?;
    let month = MONTHS.find(words.next().filter(|month| month.len() == 3)?)?;
    let year = number(words.next()?, 1970, 9999)?;
    let mut time = words.next()?.split(':');
    let (hour, minute) = (number(time.next()?, 0, 23)?, number(time.next()?, 0, 59)?);
    // 60 is a leap second.
    let second = number(time.next()?, 0, 60)?;
    if month % 3 != 0 || time.next().is_some() || words.next() != Some("GMT") || words.next().is_some() {
        return None;
    }
    // Count years from March, so that the leap day is the last day of a year.
    let month = month as u64 / 3;
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn number(digits: &str, least: u64, most: u64) -> Option<u64> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (least <= number && number <= most).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        parse(text).map(|time| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn dates_are_read_to_the_second() {
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("Tue, 29 Feb 2000 12:00:00 GMT"), Some(951_825_600));
        assert_eq!(seconds("Wed, 01 Mar 2000 00:00:00 GMT"), Some(951_868_800));
        assert_eq!(seconds("Sat, 31 Dec 2016 23:59:60 GMT"), Some(1_483_228_800));
        assert_eq!(seconds("Wed, 21 Oct 2026 07:28:00 GMT"), Some(1_792_567_680));
        assert_eq!(seconds("Mon, 01 Mar 2100 00:00:00 GMT"), Some(4_107_542_400));
        assert_eq!(seconds("Wed, 01 Jan 2200 00:00:00 GMT"), Some(7_258_118_400));
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut expected = 0;
        for year in 1970..2401_u64 {
            let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
            for (index, length) in lengths.iter().enumerate() {
                let month = &MONTHS[index * 3..index * 3 + 3];
                for day in 1..=length + u64::from(leap && index == 1) {
                    let text = format!("Day, {day:02} {month} {year} 00:00:00 GMT");
                    assert_eq!(seconds(&text), Some(expected), "{text}");
                    expected += 86_400;
                }
            }
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "soon",
            "Wed, 21 Oct 2026",
            "Wed, 21 Oct 2026 07:28:00",
            "Wed, 21 Oct 2026 07:28:00 CET",
            "Wed, 21 Oct 2026 07:28:00 GMT GMT",
            "Wed, 21 Oct 2026 07:28 GMT",
            "Wed, 21 Oct 2026 07:28:00:00 GMT",
            "Wed, 21 Oct 2026 24:00:00 GMT",
            "Wed, 32 Oct 2026 07:28:00 GMT",
            "Wed, +1 Oct 2026 07:28:00 GMT",
            "Wed, 21 anF 2026 07:28:00 GMT",
            "Wed, 21 Octo 2026 07:28:00 GMT",
            "Wed, 21 Oct 1969 07:28:00 GMT",
            "Wednesday, 21-Oct-26 07:28:00 GMT",
            "Wed Oct 21 07:28:00 2026",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
