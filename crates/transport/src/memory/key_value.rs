//! Buckets in the memory of one process, to try out a handler.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use uuid::Uuid;

use crate::key_value::{
    BUCKET_BYTES, Entry, KEYS_PER_PAGE, KeyPage, KeyValueError, KeyValueStore, LONGEST_NUMBER,
    MAX_ANSWER_BYTES, number, size_of, sum,
};

/// Buckets in memory. They are lost when the process ends.
#[derive(Debug)]
pub struct MemoryKeyValues {
    buckets: Mutex<HashMap<String, Bucket>>,
    quota: u64,
}

#[derive(Debug, Default)]
struct Bucket {
    entries: BTreeMap<String, Entry>,
    bytes: u64,
}

impl Default for MemoryKeyValues {
    fn default() -> Self {
        Self { buckets: Mutex::default(), quota: BUCKET_BYTES }
    }
}

impl MemoryKeyValues {
    /// Limits each bucket to this number of bytes.
    #[must_use]
    pub fn with_quota(self, quota: u64) -> Self {
        Self { quota, ..self }
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn size(&self, key: &str) -> u64 {
        self.entries.get(key).map_or(0, |entry| size_of(key, &entry.value))
    }

    /// Sets values, if the bucket shrinks or stays within its quota.
    fn set(&mut self, entries: Vec<(String, Vec<u8>)>, quota: u64) -> Result<(), KeyValueError> {
        let replaced: u64 = entries.iter().map(|(key, _)| self.size(key)).sum();
        let bytes: u64 = entries.iter().map(|(key, value)| size_of(key, value)).sum();
        let then = self.bytes - replaced + bytes;
        if bytes > replaced && then > quota {
            return Err(KeyValueError::BucketFull { quota });
        }
        self.bytes = then;
        self.entries.extend(entries.into_iter().map(|(key, value)| (key, entry(value))));
        Ok(())
    }
}

fn entry(value: Vec<u8>) -> Entry {
    Entry { value, version: Uuid::new_v4() }
}

#[async_trait]
impl KeyValueStore for MemoryKeyValues {
    async fn get(&self, bucket: &str, keys: &[String]) -> Result<HashMap<String, Entry>, KeyValueError> {
        let buckets = self.buckets();
        let found = |key: &String| Some((key.clone(), buckets.get(bucket)?.entries.get(key)?.clone()));
        let found: HashMap<String, Entry> = keys.iter().filter_map(found).collect();
        let bytes: usize = found.values().map(|entry| entry.value.len()).sum();
        if bytes > MAX_ANSWER_BYTES { Err(KeyValueError::TooMuch) } else { Ok(found) }
    }

    async fn exists(&self, bucket: &str, key: &str) -> Result<bool, KeyValueError> {
        Ok(self.buckets().get(bucket).is_some_and(|bucket| bucket.entries.contains_key(key)))
    }

    async fn set(&self, bucket: &str, entries: Vec<(String, Vec<u8>)>) -> Result<(), KeyValueError> {
        self.buckets().entry(bucket.to_owned()).or_default().set(entries, self.quota)
    }

    async fn delete(&self, bucket: &str, keys: &[String]) -> Result<(), KeyValueError> {
        if let Some(bucket) = self.buckets().get_mut(bucket) {
            for key in keys {
                bucket.bytes -= bucket.size(key);
                bucket.entries.remove(key);
            }
        }
        Ok(())
    }

    async fn keys(&self, bucket: &str, after: Option<&str>) -> Result<KeyPage, KeyValueError> {
        let buckets = self.buckets();
        let Some(bucket) = buckets.get(bucket) else { return Ok(KeyPage::default()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = bucket.entries.range::<str, _>((from, Bound::Unbounded)).map(|(key, _)| key.clone());
        let keys = rest.by_ref().take(KEYS_PER_PAGE).collect();
        Ok(KeyPage { keys, has_more: rest.next().is_some() })
    }

    async fn increment(&self, bucket: &str, key: &str, delta: i64) -> Result<i64, KeyValueError> {
        let mut buckets = self.buckets();
        let bucket = buckets.entry(bucket.to_owned()).or_default();
        let before = bucket.entries.get(key).map(|entry| number(key, &entry.value)).transpose()?;
        let after = sum(key, before.unwrap_or(0), delta)?;
        // A key that is there may be counted in a full bucket too.
        if before.is_none() && bucket.bytes + size_of(key, LONGEST_NUMBER) > self.quota {
            return Err(KeyValueError::BucketFull { quota: self.quota });
        }
        bucket.set(vec![(key.to_owned(), after.to_string().into_bytes())], u64::MAX)?;
        Ok(after)
    }

    async fn swap(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<Uuid>,
        value: Vec<u8>,
    ) -> Result<bool, KeyValueError> {
        let mut buckets = self.buckets();
        let bucket = buckets.entry(bucket.to_owned()).or_default();
        let is_expected = bucket.entries.get(key).map(|entry| entry.version) == expected;
        if is_expected {
            bucket.set(vec![(key.to_owned(), value)], self.quota)?;
        }
        Ok(is_expected)
    }
}
