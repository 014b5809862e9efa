//! The interfaces of `wasi:keyvalue` on the guest's buckets. Keys and values count as memory of the execution while
//! the host has them.

use wasmtime::component::Resource;

use super::bucket::{Bucket, Cas, check_value, memory_of_entries, memory_of_keys};
use crate::bindings::key_value::atomics::{self, CasError};
use crate::bindings::key_value::batch;
use crate::bindings::key_value::store::{self, Error, KeyResponse};
use crate::execution::state::State;

/// The maximum number of open compare-and-swap handles per execution. The host holds their values in memory.
const MAX_SWAPS: usize = 16;

impl State {
    fn bucket(&self, bucket: &Resource<Bucket>) -> wasmtime::Result<Bucket> {
        Ok(self.table.get(bucket)?.clone())
    }

    async fn set_all(
        &mut self,
        bucket: &Resource<Bucket>,
        entries: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let _held = self.budget.hold(memory_of_entries(&entries))?;
        Ok(self.bucket(bucket)?.set(entries).await)
    }

    async fn delete_all(
        &mut self,
        bucket: &Resource<Bucket>,
        keys: &[String],
    ) -> wasmtime::Result<Result<(), Error>> {
        let _held = self.budget.hold(memory_of_keys(keys))?;
        Ok(self.bucket(bucket)?.delete(keys).await)
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
        let value = seen.as_ref().map_or(0, |entry| entry.value.len());
        let held = self.budget.hold((key.len() + value) as u64)?;
        Ok(Ok(self.table.push(Cas { bucket, key, seen, _held: held })?))
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
        let value = found.as_ref().ok().and_then(Option::as_ref).map_or(0, |entry| entry.value.len());
        let _held = self.budget.hold(value as u64)?;
        Ok(found.map(|entry| entry.map(|entry| entry.value)))
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.set_all(&bucket, vec![(key, value)]).await
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> wasmtime::Result<Result<(), Error>> {
        self.delete_all(&bucket, &[key]).await
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
        let _held = self.budget.hold(value.len() as u64)?;
        let Cas { bucket, key, seen, _held: _seen } = self.forget(cas)?;
        if let Err(error) = check_value(&key, &value) {
            return Ok(Err(CasError::StoreError(error)));
        }
        let expected = seen.map(|entry| entry.version);
        match bucket.call("kv swap", bucket.store.swap(&bucket.name, &key, expected, value)).await {
            Ok(true) => Ok(Ok(())),
            Ok(false) => Ok(Err(match self.look(bucket, key).await? {
                Ok(cas) => CasError::CasFailed(cas),
                Err(error) => CasError::StoreError(error),
            })),
            Err(error) => Ok(Err(CasError::StoreError(error))),
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
        let seen = self.table.get(&cas)?.seen.as_ref();
        let _held = self.budget.hold(seen.map_or(0, |entry| entry.value.len()) as u64)?;
        Ok(Ok(seen.map(|entry| entry.value.clone())))
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
        let mut held = self.budget.hold(memory_of_keys(&keys))?;
        let found = self.bucket(&bucket)?.get(keys).await;
        let values = found.iter().flatten().flatten().map(|(_, value)| value.len() as u64);
        held.grow(values.sum())?;
        Ok(found)
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Bucket>,
        key_values: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.set_all(&bucket, key_values).await
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.delete_all(&bucket, &keys).await
    }
}
