//! The buckets of a guest, and what it may do with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tasker_protocol::{BucketName, LogLevel, is_bucket_name};
use tasker_telemetry::SpanKind;
use tasker_transport::{
    Entry, KeyValueError, KeyValueStore, MAX_ANSWER_BYTES, MAX_KEY_BYTES, MAX_VALUE_BYTES,
    bucket_of_namespace,
};

use crate::bindings::key_value::store::{Error, KeyResponse};
use crate::capability::logs::Logs;
use crate::execution::budget::Held;
use crate::execution::calls::Calls;

/// The `target` of log lines that explain a rejected bucket.
const LOG_TARGET: &str = "tasker:key-value";

/// The state behind a guest's buckets.
pub(crate) struct KeyValues {
    pub(crate) store: Option<Arc<dyn KeyValueStore>>,
    pub(crate) namespace: String,
    pub(crate) granted: Vec<BucketName>,
    pub(crate) logs: Logs,
    /// The number of open compare-and-swap handles.
    pub(crate) swaps: usize,
    pub(crate) calls: Option<Calls>,
}

/// An open bucket.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "the generated bindings name it again")]
pub struct Bucket {
    pub(super) store: Arc<dyn KeyValueStore>,
    /// The bucket's name in the store.
    pub(super) name: Arc<str>,
    calls: Option<Calls>,
}

/// A value that was read, to be replaced if it has not changed.
#[expect(unreachable_pub, reason = "the generated bindings name it again")]
pub struct Cas {
    pub(super) bucket: Bucket,
    pub(super) key: String,
    pub(super) seen: Option<Entry>,
    /// The memory of the key and the value.
    pub(super) _held: Held,
}

impl KeyValues {
    pub(super) fn open(&self, bucket: &str) -> Result<Bucket, Error> {
        if !self.granted.iter().any(|granted| granted == bucket) || !is_bucket_name(bucket) {
            // A guest may send megabytes as a name.
            let bucket = &bucket[..bucket.floor_char_boundary(128)];
            self.refused(&format!(
                "the bucket `{bucket}` was not opened, because the step is not granted it: add `{bucket}` to the \
                 step's `grants.key_value` in the template"
            ));
            return Err(Error::AccessDenied);
        }
        let Some(store) = &self.store else {
            self.refused("no bucket can be opened: this host has no key-value store");
            return Err(Error::NoSuchStore);
        };
        let name = bucket_of_namespace(&self.namespace, bucket).into();
        Ok(Bucket { store: store.clone(), name, calls: self.calls.clone() })
    }

    pub(super) fn refused(&self, message: &str) {
        self.logs.explain(LogLevel::Error, LOG_TARGET, message);
    }
}

impl Bucket {
    /// Waits for an operation of the store.
    pub(super) async fn call<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, KeyValueError>>,
    ) -> Result<T, Error> {
        let call = self.calls.as_ref().and_then(|calls| calls.begin(SpanKind::Client, operation));
        let done = work.await;
        if let Some(call) = call {
            let error = done.as_ref().err().map(ToString::to_string);
            call.ended(vec![("tasker.bucket", (*self.name).into())], error);
        }
        done.map_err(|error| self.error(&error))
    }

    /// Converts an error of the store to one that the guest may see.
    fn error(&self, error: &KeyValueError) -> Error {
        if let KeyValueError::Unavailable(reason) = error {
            // The provider's error goes to the operator's log, not to the guest.
            tracing::warn!(bucket = &*self.name, %reason, "the key-value store is unavailable");
            return Error::Other("the key-value store is unavailable".to_owned());
        }
        Error::Other(error.to_string())
    }

    pub(super) async fn entry(&self, key: &str) -> Result<Option<Entry>, Error> {
        check_key(key)?;
        let mut found = self.call("kv get", self.store.get(&self.name, &[key.to_owned()])).await?;
        Ok(found.remove(key))
    }

    pub(super) async fn get(&self, keys: Vec<String>) -> Result<Vec<Option<(String, Vec<u8>)>>, Error> {
        let wanted: Vec<String> = distinct(&keys)?.into_iter().collect();
        let mut found = self.call("kv get", self.store.get(&self.name, &wanted)).await?;
        // The store reads a repeated key once, but the result contains it every time.
        let size = |key: &String| found.get(key).map_or(0, |entry| entry.value.len());
        if keys.iter().map(size).sum::<usize>() > MAX_ANSWER_BYTES {
            return Err(self.error(&KeyValueError::TooMuch));
        }
        // Only a repeated key needs a copy of its value.
        let repeated = keys.len() > wanted.len();
        let answer = |key: String| {
            let value = if repeated { found.get(&key)?.value.clone() } else { found.remove(&key)?.value };
            Some((key, value))
        };
        Ok(keys.into_iter().map(answer).collect())
    }

    pub(super) async fn set(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), Error> {
        for (key, value) in &entries {
            check_key(key)?;
            check_value(key, value)?;
        }
        // Of a repeated key, the last value is stored.
        let entries: BTreeMap<String, Vec<u8>> = entries.into_iter().collect();
        self.call("kv set", self.store.set(&self.name, entries.into_iter().collect())).await
    }

    pub(super) async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        let keys: Vec<String> = distinct(keys)?.into_iter().collect();
        self.call("kv delete", self.store.delete(&self.name, &keys)).await
    }

    pub(super) async fn exists(&self, key: &str) -> Result<bool, Error> {
        check_key(key)?;
        self.call("kv exists", self.store.exists(&self.name, key)).await
    }

    pub(super) async fn keys(&self, after: Option<&str>) -> Result<KeyResponse, Error> {
        after.map_or(Ok(()), check_key)?;
        let page = self.call("kv list", self.store.keys(&self.name, after)).await?;
        let cursor = page.has_more.then(|| page.keys.last().cloned()).flatten();
        Ok(KeyResponse { keys: page.keys, cursor })
    }

    pub(super) async fn increment(&self, key: &str, delta: i64) -> Result<i64, Error> {
        check_key(key)?;
        self.call("kv increment", self.store.increment(&self.name, key, delta)).await
    }
}

pub(super) fn check_key(key: &str) -> Result<(), Error> {
    if (1..=MAX_KEY_BYTES).contains(&key.len()) && !key.contains('\0') {
        return Ok(());
    }
    let message = format!("a key has 1 to {MAX_KEY_BYTES} bytes, without U+0000; this one has {}", key.len());
    Err(Error::Other(message))
}

pub(super) fn check_value(key: &str, value: &[u8]) -> Result<(), Error> {
    if value.len() <= MAX_VALUE_BYTES {
        return Ok(());
    }
    let bytes = value.len();
    Err(Error::Other(format!("a value has at most {MAX_VALUE_BYTES} bytes; that for `{key}` has {bytes}")))
}

/// The memory of keys in a call: each is kept twice, for the answer and for the store.
pub(super) fn memory_of_keys(keys: &[String]) -> u64 {
    keys.iter().map(|key| 2 * (key.len() + size_of::<String>()) as u64).sum()
}

/// The memory of entries in a call.
pub(super) fn memory_of_entries(entries: &[(String, Vec<u8>)]) -> u64 {
    entries.iter().map(|(key, value)| (key.len() + value.len() + 2 * size_of::<String>()) as u64).sum()
}

fn distinct(keys: &[String]) -> Result<BTreeSet<String>, Error> {
    keys.iter().map(|key| check_key(key).map(|()| key.clone())).collect()
}
