//! Key-value buckets: what handlers keep from one execution to the next.

use std::collections::HashMap;

use async_trait::async_trait;
use uuid::Uuid;

/// The longest key, in bytes: what DynamoDB takes.
pub const MAX_KEY_BYTES: usize = 1024;
/// The largest value, in bytes: an item of DynamoDB has room for it, its key and its version.
pub const MAX_VALUE_BYTES: usize = 400_000;
/// What one reading may answer, in bytes of values: it lies in the host's memory. Whoever wants more asks twice.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;
/// How many keys one page lists.
pub const KEYS_PER_PAGE: usize = 1000;

/// A value, and which of the values that its key has had it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Vec<u8>,
    /// Another one with every write.
    pub version: Uuid,
}

/// Some of the keys of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// In order of their bytes.
    pub keys: Vec<String>,
    /// Whether there may be more after the last of them.
    pub has_more: bool,
}

/// Why a bucket could not be worked with.
#[derive(Debug, thiserror::Error)]
pub enum KeyValueError {
    /// The store cannot be reached, or refuses.
    #[error("the key-value store is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Only a decimal number can be incremented.
    #[error("the value of `{key}` is not a whole number in decimal digits, and so cannot be incremented")]
    NotANumber {
        /// Its key.
        key: String,
    },
    /// The sum has no place in 64 bits.
    #[error("`{key}` cannot be incremented by that much: it would pass what 64 bits hold")]
    Overflow {
        /// Its key.
        key: String,
    },
    /// The values that were asked for are too much for one answer.
    #[error("the values are more than {MAX_ANSWER_BYTES} bytes together; ask for fewer keys at once")]
    TooMuch,
}

/// Buckets of values by key. Whoever writes reads its own writes. Keys are 1 to [`MAX_KEY_BYTES`] bytes without
/// U+0000 and, within one call, distinct; values have up to [`MAX_VALUE_BYTES`]. Nobody makes a bucket: it is what has
/// been written to it.
#[async_trait]
pub trait KeyValueStore: Send + Sync + 'static {
    /// What these keys have; a key without a value is not among the answers.
    async fn get(&self, bucket: &str, keys: &[String]) -> Result<HashMap<String, Entry>, KeyValueError>;

    /// Whether the key has a value. Does not fetch it.
    async fn exists(&self, bucket: &str, key: &str) -> Result<bool, KeyValueError>;

    /// Gives keys their values. On an error some may have theirs.
    async fn set(&self, bucket: &str, entries: Vec<(String, Vec<u8>)>) -> Result<(), KeyValueError>;

    /// Takes keys their values. On an error some may be gone.
    async fn delete(&self, bucket: &str, keys: &[String]) -> Result<(), KeyValueError>;

    /// Up to [`KEYS_PER_PAGE`] keys that have a value, from the first one after `after`.
    async fn keys(&self, bucket: &str, after: Option<&str>) -> Result<KeyPage, KeyValueError>;

    /// Adds to a number, at once and undivided, and answers the sum. A number is its decimal digits; a key without a
    /// value counts as 0.
    async fn increment(&self, bucket: &str, key: &str, delta: i64) -> Result<i64, KeyValueError>;

    /// Gives the key its value if what it has is of version `expected` still; `None`: if it has none. False: it is not.
    async fn swap(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<Uuid>,
        value: Vec<u8>,
    ) -> Result<bool, KeyValueError>;
}

/// A namespace's bucket, as stores know it. The namespace stands before the only `/`, so that rules of access can tell
/// one from another.
pub fn bucket_of_namespace(namespace: &str, bucket: &str) -> String {
    format!("{}/{bucket}", namespace.replace('%', "%25").replace('/', "%2F"))
}

/// The number that a value's digits are.
pub(crate) fn number(key: &str, value: &[u8]) -> Result<i64, KeyValueError> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| is_number);
    let text = text.ok_or_else(|| KeyValueError::NotANumber { key: key.to_owned() })?;
    text.parse().map_err(|_| KeyValueError::Overflow { key: key.to_owned() })
}

/// The sum of a number and what is added to it.
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
