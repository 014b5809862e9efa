//! How long requests to AWS may take. Without a limit, a request on a connection that died while its function was frozen
//! waits until the function's deadline, and its whole batch is received again.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;

/// Connecting. It takes milliseconds within a region.
pub(crate) const CONNECT: Duration = Duration::from_secs(3);

/// One attempt of a request that is answered at once. SQS, DynamoDB and the others answer in milliseconds; the next attempt
/// opens another connection.
const ATTEMPT: Duration = Duration::from_secs(4);

/// A request with its three attempts: less than half of the 30 seconds of the shortest function, which still hands its
/// messages back afterwards.
const REQUEST: Duration = Duration::from_secs(14);

/// One attempt to read or write a blob. A function moves tens of MB in a second, and the largest blobs are components of
/// some MB.
pub(crate) const BLOB_ATTEMPT: Duration = Duration::from_secs(8);

/// No attempt at a blob begins later than this after the first: the last one ends within a function's 30 seconds.
pub(crate) const LAST_BLOB_ATTEMPT: Duration = Duration::from_secs(12);

/// How often an attempt at a blob is repeated.
pub(crate) const BLOB_RETRIES: usize = 2;

/// One attempt to upload a blob from a developer's machine: 60 MB at two megabits per second.
pub(crate) const UPLOAD_ATTEMPT: Duration = Duration::from_secs(240);

/// The limits of an SDK request that AWS answers after `wait` at most.
pub(crate) fn timeouts(wait: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(wait + ATTEMPT)
        .operation_timeout(wait + REQUEST)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The timeout of the shortest function, as the deployment's templates set it.
    const SHORTEST_FUNCTION: Duration = Duration::from_secs(30);

    #[test]
    fn a_request_ends_before_its_function_with_time_to_hand_back() {
        assert!(REQUEST * 2 < SHORTEST_FUNCTION);
        assert!(LAST_BLOB_ATTEMPT + BLOB_ATTEMPT < SHORTEST_FUNCTION);
    }

    #[test]
    fn there_is_time_for_all_attempts() {
        assert!(CONNECT < ATTEMPT && ATTEMPT * 3 < REQUEST);
        assert!(BLOB_ATTEMPT < LAST_BLOB_ATTEMPT);
    }
}
