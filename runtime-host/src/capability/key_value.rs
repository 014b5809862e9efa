//! `wasi:keyvalue`: the buckets that the step is granted in its namespace, in the host's key-value store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tasker_protocol::{BucketName, LogLevel, is_bucket_name};
use tasker_transport::{
    Entry, KeyValueError, KeyValueStore, MAX_ANSWER_BYTES, MAX_KEY_BYTES, MAX_VALUE_BYTES,
    bucket_of_namespace,
};
use wasmtime::component::Resource;

use super::logs::Logs;
use crate::bindings::key_value::atomics::{self, CasError};
use crate::bindings::key_value::batch;
use crate::bindings::key_value::store::{self, Error, KeyResponse};
use crate::execution::state::State;

/// The `target` of log lines that explain a rejected bucket.
const LOG_TARGET: &str = "tasker:key-value";

/// The maximum number of open compare-and-swap handles per execution. The host holds their values in memory.
const MAX_SWAPS: usize = 16;

/// The state behind a guest's buckets.
pub(crate) struct KeyValues {
    pub(crate) store: Option<Arc<dyn KeyValueStore>>,
    pub(crate) namespace: String,
    pub(crate) granted: Vec<BucketName>,
    pub(crate) logs: Logs,
    /// The number of open compare-and-swap handles.
    pub(crate) swaps: usize,
}

/// An open bucket.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "the generated bindings name it again")]
pub struct Bucket {
    store: Arc<dyn KeyValueStore>,
    /// The bucket's name in the store.
    name: Arc<str>,
}

/// A value that was read, to be replaced if it has not changed.
#[expect(unreachable_pub, reason = "the generated bindings name it again")]
pub struct Cas {
    bucket: Bucket,
    key: String,
    seen: Option<Entry>,
}

impl KeyValues {
    fn open(&self, bucket: &str) -> Result<Bucket, Error> {
        if !self.granted.iter().any(|granted| granted == bucket) || !is_bucket_name(bucket) {
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
        Ok(Bucket { store: store.clone(), name: bucket_of_namespace(&self.namespace, bucket).into() })
    }

    fn refused(&self, message: &str) {
        self.logs.log(LogLevel::Error, LOG_TARGET, message);
    }
}

impl Bucket {
    /// Converts an error of the store to one that the guest may see.
    fn error(&self, error: &KeyValueError) -> Error {
        if let KeyValueError::Unavailable(reason) = error {
            // The provider's error goes to the operator's log, not to the guest.
            tracing::warn!(bucket = &*self.name, %reason, "the key-value store is unavailable");
            return Error::Other("the key-value store is unavailable".to_owned());
        }
        Error::Other(error.to_string())
    }

    async fn entry(&self, key: &str) -> Result<Option<Entry>, Error> {
        check_key(key)?;
        let mut found =
            self.store.get(&self.name, &[key.to_owned()]).await.map_err(|error| self.error(&error))?;
        Ok(found.remove(key))
    }

    async fn get(&self, keys: Vec<String>) -> Result<Vec<Option<(String, Vec<u8>)>>, Error> {
        let wanted: Vec<String> = distinct(&keys)?.into_iter().collect();
        let found = self.store.get(&self.name, &wanted).await.map_err(|error| self.error(&error))?;
        // The store reads a repeated key once, but the result contains it every time.
        let size = |key: &String| found.get(key).map_or(0, |entry| entry.value.len());
        if keys.iter().map(size).sum::<usize>() > MAX_ANSWER_BYTES {
            return Err(self.error(&KeyValueError::TooMuch));
        }
        let answer = |key: String| {
            let value = found.get(&key)?.value.clone();
            Some((key, value))
        };
        Ok(keys.into_iter().map(answer).collect())
    }

    async fn set(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), Error> {
        for (key, value) in &entries {
            check_key(key)?;
            check_value(key, value)?;
        }
        // Of a repeated key, the last value is stored.
        let entries: BTreeMap<String, Vec<u8>> = entries.into_iter().collect();
        let written = self.store.set(&self.name, entries.into_iter().collect()).await;
        written.map_err(|error| self.error(&error))
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        let keys: Vec<String> = distinct(keys)?.into_iter().collect();
        self.store.delete(&self.name, &keys).await.map_err(|error| self.error(&error))
    }

    async fn exists(&self, key: &str) -> Result<bool, Error> {
        check_key(key)?;
        self.store.exists(&self.name, key).await.map_err(|error| self.error(&error))
    }

    async fn keys(&self, after: Option<&str>) -> Result<KeyResponse, Error> {
        after.map_or(Ok(()), check_key)?;
        let page = self.store.keys(&self.name, after).await.map_err(|error| self.error(&error))?;
        let cursor = page.has_more.then(|| page.keys.last().cloned()).flatten();
        Ok(KeyResponse { keys: page.keys, cursor })
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, Error> {
        check_key(key)?;
        self.store.increment(&self.name, key, delta).await.map_err(|error| self.error(&error))
    }
}

fn check_key(key: &str) -> Result<(), Error> {
    if (1..=MAX_KEY_BYTES).contains(&key.len()) && !key.contains('\0') {
        return Ok(());
    }
    let message = format!("a key has 1 to {MAX_KEY_BYTES} bytes, without U+0000; this one has {}", key.len());
    Err(Error::Other(message))
}

fn check_value(key: &str, value: &[u8]) -> Result<(), Error> {
    if value.len() <= MAX_VALUE_BYTES {
        return Ok(());
    }
    let bytes = value.len();
    Err(Error::Other(format!("a value has at most {MAX_VALUE_BYTES} bytes; that for `{key}` has {bytes}")))
}

fn distinct(keys: &[String]) -> Result<BTreeSet<String>, Error> {
    keys.iter().map(|key| check_key(key).map(|()| key.clone())).collect()
}

impl State {
    fn bucket(&self, bucket: &Resource<Bucket>) -> wasmtime::Result<Bucket> {
        Ok(self.table.get(bucket)?.clone())
    }

    /// Creates a compare-and-swap handle with the current value.
    async fn look(&mut self, bucket: Bucket, key: String) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        let open = self.key_values.as_mut().map(|values| &mut values.swaps);
        let Some(open) = open.filter(|open| **open < MAX_SWAPS) else {
            return Ok(Err(Error::Other(format!(
                "{MAX_SWAPS} compare-and-swap handles are open; drop one first"
            ))));
        };
        let seen = match bucket.entry(&key).await {
            Ok(seen) => seen,
            Err(error) => return Ok(Err(error)),
        };
        *open += 1;
        Ok(Ok(self.table.push(Cas { bucket, key, seen })?))
    }

    fn forget(&mut self, cas: Resource<Cas>) -> wasmtime::Result<Cas> {
        let cas = self.table.delete(cas)?;
        if let Some(values) = &mut self.key_values {
            values.swaps -= 1;
        }
        Ok(cas)
    }
}

impl store::Host for State {
    async fn open(&mut self, identifier: String) -> wasmtime::Result<Result<Resource<Bucket>, Error>> {
        let opened = match &self.key_values {
            Some(values) => values.open(&identifier),
            // The component is only being described.
            None => Err(Error::AccessDenied),
        };
        Ok(match opened {
            Ok(bucket) => Ok(self.table.push(bucket)?),
            Err(error) => Err(error),
        })
    }
}

impl store::HostBucket for State {
    async fn get(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let found = self.bucket(&bucket)?.entry(&key).await;
        Ok(found.map(|entry| entry.map(|entry| entry.value)))
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.bucket(&bucket)?.set(vec![(key, value)]).await)
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.bucket(&bucket)?.delete(&[key]).await)
    }

    async fn exists(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        Ok(self.bucket(&bucket)?.exists(&key).await)
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> wasmtime::Result<Result<KeyResponse, Error>> {
        Ok(self.bucket(&bucket)?.keys(cursor.as_deref()).await)
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for State {
    async fn increment(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, Error>> {
        Ok(self.bucket(&bucket)?.increment(&key, delta).await)
    }

    async fn swap(&mut self, cas: Resource<Cas>, value: Vec<u8>) -> wasmtime::Result<Result<(), CasError>> {
        let Cas { bucket, key, seen } = self.forget(cas)?;
        if let Err(error) = check_value(&key, &value) {
            return Ok(Err(CasError::StoreError(error)));
        }
        let expected = seen.map(|entry| entry.version);
        match bucket.store.swap(&bucket.name, &key, expected, value).await {
            Ok(true) => Ok(Ok(())),
            Ok(false) => Ok(Err(match self.look(bucket, key).await? {
                Ok(cas) => CasError::CasFailed(cas),
                Err(error) => CasError::StoreError(error),
            })),
            Err(error) => Ok(Err(CasError::StoreError(bucket.error(&error)))),
        }
    }
}

impl atomics::HostCas for State {
    async fn new(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        let bucket = self.bucket(&bucket)?;
        self.look(bucket, key).await
    }

    async fn current(&mut self, cas: Resource<Cas>) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(Ok(self.table.get(&cas)?.seen.as_ref().map(|entry| entry.value.clone())))
    }

    async fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.forget(cas).map(drop)
    }
}

impl batch::Host for State {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<Option<(String, Vec<u8>)>>, Error>> {
        Ok(self.bucket(&bucket)?.get(keys).await)
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Bucket>,
        key_values: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.bucket(&bucket)?.set(key_values).await)
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.bucket(&bucket)?.delete(&keys).await)
    }
}
