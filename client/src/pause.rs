//! When a failed attempt is repeated.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use crate::error::Error;

/// Of a server that asks for more patience, the error is reported.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether the same request may succeed later.
pub(crate) fn is_temporary(status: u16) -> bool {
    [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ]
    .iter()
    .any(|temporary| temporary.as_u16() == status)
}

/// Whether a stream that failed so may be opened later.
pub(crate) fn may_pass(error: &Error) -> bool {
    error.status().map_or(!matches!(error, Error::Invalid(_)), is_temporary)
}

/// A pause before the next attempt, random so that clients do not come back all at once: up to 0.25 s after the first
/// attempt (0), and up to 8 s in the end.
pub(crate) fn backoff(attempt: u32) -> Duration {
    let longest = (0.25 * 2_f64.powi(attempt.min(16) as i32)).min(8.0);
    Duration::from_secs_f64(fastrand::f64() * longest)
}

/// The pause after a response, with what `Retry-After` asks for. None if it asks for too much.
pub(crate) fn after(attempt: u32, headers: &HeaderMap) -> Option<Duration> {
    match asked(headers) {
        Some(pause) if pause > LONGEST_PAUSE => None,
        Some(Duration::ZERO) => Some(Duration::ZERO),
        Some(pause) => Some(pause + backoff(attempt)),
        None => Some(backoff(attempt)),
    }
}

/// `Retry-After`, in seconds or until a date.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?.with_timezone(&Utc);
    Some((date - Utc::now()).to_std().unwrap_or_default())
}
