//! Key-value buckets: the values that handlers keep between executions.

use std::collections::HashMap;

use async_trait::async_trait;
use uuid::Uuid;

/// The longest key, in bytes: DynamoDB's limit for a sort key.
pub const MAX_KEY_BYTES: usize = 1024;
/// The largest value, in bytes: fits a DynamoDB item of 400 KB with its key and version.
pub const MAX_VALUE_BYTES: usize = 400_000;
/// The largest result of one read, in bytes of values, because the host holds it in memory. Callers split
/// larger reads.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;
/// How much a bucket may hold by default, in bytes, see [`size_of`].
pub const BUCKET_BYTES: u64 = 1 << 30;
/// Keys per page.
pub const KEYS_PER_PAGE: usize = 1000;

/// A value and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Vec<u8>,
    /// Changes with every write.
    pub version: Uuid,
}

/// One page of the keys of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys, ordered by their bytes.
    pub keys: Vec<String>,
    /// Whether more keys may follow.
    pub has_more: bool,
}

/// Why an operation on a bucket failed.
#[derive(Debug, thiserror::Error)]
pub enum KeyValueError {
    /// The store cannot be reached, or rejected the request.
    #[error("the key-value store is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The value to increment is not a decimal integer.
    #[error("the value of `{key}` is not a whole number in decimal digits, and so cannot be incremented")]
    NotANumber {
        /// The key.
        key: String,
    },
    /// The sum exceeds 64 bits.
    #[error("`{key}` cannot be incremented by that much: the sum would exceed 64 bits")]
    Overflow {
        /// The key.
        key: String,
    },
    /// The bucket would exceed its quota.
    #[error(
        "the bucket is full: it may hold {quota} bytes; delete keys, or let the host's operator raise \
             `worker.max_bucket_bytes`"
    )]
    BucketFull {
        /// The quota, in bytes.
        quota: u64,
    },
    /// The requested values exceed the size limit of one result.
    #[error("the values are more than {MAX_ANSWER_BYTES} bytes together; ask for fewer keys at once")]
    TooMuch,
}

/// A store of buckets, each a map of keys to values. A client reads its own writes. Keys have 1 to
/// [`MAX_KEY_BYTES`] bytes without U+0000 and must be distinct within one call; values have up to
/// [`MAX_VALUE_BYTES`]. Buckets need not be created: a bucket exists once it has a key.
#[async_trait]
pub trait KeyValueStore: Send + Sync + 'static {
    /// Returns the entries of these keys. Keys without a value are absent from the result.
    async fn get(&self, bucket: &str, keys: &[String]) -> Result<HashMap<String, Entry>, KeyValueError>;

    /// Whether the key has a value. Does not read the value.
    async fn exists(&self, bucket: &str, key: &str) -> Result<bool, KeyValueError>;

    /// Sets values. On error, some may have been set; of a bucket that is full, none.
    async fn set(&self, bucket: &str, entries: Vec<(String, Vec<u8>)>) -> Result<(), KeyValueError>;

    /// Deletes values. On error, some may have been deleted.
    async fn delete(&self, bucket: &str, keys: &[String]) -> Result<(), KeyValueError>;

    /// Returns up to [`KEYS_PER_PAGE`] keys after `after`, or from the beginning.
    async fn keys(&self, bucket: &str, after: Option<&str>) -> Result<KeyPage, KeyValueError>;

    /// Adds to a number atomically and returns the sum. A number is stored as decimal digits; a missing key
    /// counts as 0.
    async fn increment(&self, bucket: &str, key: &str, delta: i64) -> Result<i64, KeyValueError>;

    /// Sets the value if the stored version is still `expected`; `None` means that the key must have no
    /// value. Returns whether it was set.
    async fn swap(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<Uuid>,
        value: Vec<u8>,
    ) -> Result<bool, KeyValueError>;
}

/// The name of a namespace's bucket in the store. The part before the only `/` is the namespace, so that
/// access rules can refer to it.
pub fn bucket_of_namespace(namespace: &str, bucket: &str) -> String {
    format!("{}/{bucket}", namespace.replace('%', "%25").replace('/', "%2F"))
}

/// What an entry counts in its bucket, in bytes: a fixed part stands for what the store needs beside key and value. A
/// new counter needs room for [`LONGEST_NUMBER`].
pub(crate) fn size_of(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len() + 100) as u64
}

/// The longest digits of a counter, as a value.
pub(crate) const LONGEST_NUMBER: &[u8] = b"-9223372036854775808";

/// Parses a value of decimal digits.
pub(crate) fn number(key: &str, value: &[u8]) -> Result<i64, KeyValueError> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| is_number);
    let text = text.ok_or_else(|| KeyValueError::NotANumber { key: key.to_owned() })?;
    text.parse().map_err(|_| KeyValueError::Overflow { key: key.to_owned() })
}

/// Adds, or fails on overflow.
pub(crate) fn sum(key: &str, number: i64, delta: i64) -> Result<i64, KeyValueError> {
    number.checked_add(delta).ok_or_else(|| KeyValueError::Overflow { key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_of_one_namespace() {
        assert_eq!(bucket_of_namespace("payments", "seen"), "payments/seen");
        assert_eq!(bucket_of_namespace("a/b", "c"), "a%2Fb/c");
        assert_ne!(bucket_of_namespace("a%2Fb", "c"), bucket_of_namespace("a/b", "c"));
    }

    #[test]
    fn a_number_is_its_digits() {
        for (text, expected) in [("0", 0), ("-7", -7), ("9223372036854775807", i64::MAX)] {
            assert_eq!(number("k", text.as_bytes()).unwrap(), expected);
        }
        for text in ["", "-", "+1", " 1", "1.0", "9223372036854775808", "one", "--1"] {
            assert!(number("k", text.as_bytes()).is_err(), "{text}");
        }
    }
}
