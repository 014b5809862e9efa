//! Buckets in the memory of one process, to try out a handler.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use uuid::Uuid;

use crate::key_value::{
    Entry, KEYS_PER_PAGE, KeyPage, KeyValueError, KeyValueStore, MAX_ANSWER_BYTES, number, sum,
};

/// Buckets in memory. They are lost when the process ends.
#[derive(Debug, Default)]
pub struct MemoryKeyValues {
    buckets: Mutex<HashMap<String, BTreeMap<String, Entry>>>,
}

impl MemoryKeyValues {
    fn buckets(&self) -> MutexGuard<'_, HashMap<String, BTreeMap<String, Entry>>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(value: Vec<u8>) -> Entry {
    Entry { value, version: Uuid::new_v4() }
}

#[async_trait]
impl KeyValueStore for MemoryKeyValues {
    async fn get(&self, bucket: &str, keys: &[String]) -> Result<HashMap<String, Entry>, KeyValueError> {
        let buckets = self.buckets();
        let found = |key: &String| Some((key.clone(), buckets.get(bucket)?.get(key)?.clone()));
        let found: HashMap<String, Entry> = keys.iter().filter_map(found).collect();
        let bytes: usize = found.values().map(|entry| entry.value.len()).sum();
        if bytes > MAX_ANSWER_BYTES { Err(KeyValueError::TooMuch) } else { Ok(found) }
    }

    async fn exists(&self, bucket: &str, key: &str) -> Result<bool, KeyValueError> {
        Ok(self.buckets().get(bucket).is_some_and(|entries| entries.contains_key(key)))
    }

    async fn set(&self, bucket: &str, entries: Vec<(String, Vec<u8>)>) -> Result<(), KeyValueError> {
        let mut buckets = self.buckets();
        let written = entries.into_iter().map(|(key, value)| (key, entry(value)));
        buckets.entry(bucket.to_owned()).or_default().extend(written);
        Ok(())
    }

    async fn delete(&self, bucket: &str, keys: &[String]) -> Result<(), KeyValueError> {
        if let Some(entries) = self.buckets().get_mut(bucket) {
            for key in keys {
                entries.remove(key);
            }
        }
        Ok(())
    }

    async fn keys(&self, bucket: &str, after: Option<&str>) -> Result<KeyPage, KeyValueError> {
        let buckets = self.buckets();
        let Some(entries) = buckets.get(bucket) else { return Ok(KeyPage::default()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = entries.range::<str, _>((from, Bound::Unbounded)).map(|(key, _)| key.clone());
        let keys = rest.by_ref().take(KEYS_PER_PAGE).collect();
        Ok(KeyPage { keys, has_more: rest.next().is_some() })
    }

    async fn increment(&self, bucket: &str, key: &str, delta: i64) -> Result<i64, KeyValueError> {
        let mut buckets = self.buckets();
        let entries = buckets.entry(bucket.to_owned()).or_default();
        let before = entries.get(key).map_or(Ok(0), |entry| number(key, &entry.value))?;
        let after = sum(key, before, delta)?;
        entries.insert(key.to_owned(), entry(after.to_string().into_bytes()));
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
        let entries = buckets.entry(bucket.to_owned()).or_default();
        let is_expected = entries.get(key).map(|entry| entry.version) == expected;
        if is_expected {
            entries.insert(key.to_owned(), entry(value));
        }
        Ok(is_expected)
    }
}
