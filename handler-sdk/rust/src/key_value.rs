//! Values that outlive an execution, in buckets that are listed in the template's `grants.key_value`.
//!
//! ```
//! # use tasker_handler::prelude::*;
//! # fn greet(ctx: &Context) -> Result<(), Failure> {
//! let visits = key_value::open("visits")?;
//! let count = visits.increment("total", 1)?;
//! // The first attempt decides; later attempts find its value.
//! let ticket = visits.update(ctx.task_id(), |known| Ok(known.unwrap_or(count)))?;
//! assert_eq!(visits.get::<i64>(ctx.task_id())?, Some(ticket));
//! # Ok(()) }
//! # greet(&Context::builder().build()).unwrap();
//! ```
//!
//! A bucket belongs to the template's namespace and is shared by all steps there that are granted it. A step
//! may run more than once, so prefer writes that can be repeated: [`Bucket::set`] and [`Bucket::update`]
//! rather than [`Bucket::increment`], if the exact count matters.
//!
//! Values are JSON, or bytes in the methods named so. Keys have 1 to 1,024 bytes and values up to 400,000;
//! one call returns up to 4 MiB. In ordinary tests, buckets are kept in memory, per thread.

use serde::{Serialize, de::DeserializeOwned};

use crate::Failure;

#[cfg(not(target_family = "wasm"))]
use native as host;
#[cfg(target_family = "wasm")]
use wasi as host;

/// The largest value, in bytes.
const MAX_VALUE_BYTES: usize = 400_000;

/// An open bucket.
#[derive(Debug)]
pub struct Bucket {
    name: String,
    handle: host::Handle,
}

/// Opens a bucket.
///
/// # Errors
/// A permanent `KeyValueDenied` if the template does not grant it.
pub fn open(bucket: &str) -> Result<Bucket, Failure> {
    Ok(Bucket { name: bucket.to_owned(), handle: host::open(bucket)? })
}

/// Every method fails with a retryable `KeyValueFailed` if the store is unavailable.
impl Bucket {
    /// The value of a key. None if it has none.
    ///
    /// # Errors
    /// Also a permanent `InvalidValue`; the message contains the position of the error.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        self.get_bytes(key)?.map(|value| self.read(key, &value)).transpose()
    }

    /// The values of several keys in one call, in the order of the keys.
    ///
    /// # Errors
    /// Also a permanent `InvalidValue`; the message contains the key and the position of the error.
    pub fn get_many<T: DeserializeOwned>(&self, keys: &[&str]) -> Result<Vec<Option<T>>, Failure> {
        let found = self.handle.get_many(keys).map_err(|error| self.failed(&error))?;
        let read =
            |(key, value): (&&str, Option<Vec<u8>>)| value.map(|value| self.read(key, &value)).transpose();
        keys.iter().zip(found).map(read).collect()
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// Also a permanent `InvalidValue` if the value cannot be serialized or is too large.
    pub fn set(&self, key: &str, value: &impl Serialize) -> Result<(), Failure> {
        self.set_bytes(key, &self.write(key, value)?)
    }

    /// Sets the values of several keys in one call. On error, some may have been set.
    ///
    /// # Errors
    /// Also a permanent `InvalidValue` if a value cannot be serialized or is too large.
    pub fn set_many<T: Serialize>(&self, values: &[(&str, T)]) -> Result<(), Failure> {
        let written = |(key, value): &(&str, T)| Ok(((*key).to_owned(), self.write(key, value)?));
        let written: Vec<(String, Vec<u8>)> = values.iter().map(written).collect::<Result<_, Failure>>()?;
        self.handle.set_many(&written).map_err(|error| self.failed(&error))
    }

    /// The bytes of a key's value.
    ///
    /// # Errors
    /// As for every method.
    pub fn get_bytes(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.handle.get(key).map_err(|error| self.failed(&error))
    }

    /// Sets the bytes of a key's value.
    ///
    /// # Errors
    /// Also a permanent `InvalidValue` if the value is too large.
    pub fn set_bytes(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.check_size(key, value)?;
        self.handle.set(key, value).map_err(|error| self.failed(&error))
    }

    /// Deletes the values of keys.
    ///
    /// # Errors
    /// As for every method.
    pub fn delete(&self, keys: &[&str]) -> Result<(), Failure> {
        self.handle.delete(keys).map_err(|error| self.failed(&error))
    }

    /// Whether a key has a value.
    ///
    /// # Errors
    /// As for every method.
    pub fn exists(&self, key: &str) -> Result<bool, Failure> {
        self.handle.exists(key).map_err(|error| self.failed(&error))
    }

    /// All keys that have a value. Reads the whole bucket, page by page.
    ///
    /// # Errors
    /// As for every method.
    pub fn keys(&self) -> Result<Vec<String>, Failure> {
        self.handle.keys().map_err(|error| self.failed(&error))
    }

    /// Adds to a number atomically and returns the sum. A key without a value counts as 0.
    ///
    /// # Errors
    /// As for every method.
    pub fn increment(&self, key: &str, delta: i64) -> Result<i64, Failure> {
        self.handle.increment(key, delta).map_err(|error| self.failed(&error))
    }

    /// Replaces the value by `change` of the old value, and returns the new value. Calls `change` again if
    /// the value was written in between, so no write is lost.
    ///
    /// # Errors
    /// Also the error of `change`, and a permanent `InvalidValue` if the old value does not have the expected
    /// form.
    pub fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut changed = None;
        let swapped = self.handle.swap(key, |old| {
            let old = old.map(|value| self.read(key, &value)).transpose()?;
            let new = change(old)?;
            let written = self.write(key, &new)?;
            changed = Some(new);
            Ok(written)
        });
        match swapped {
            Ok(answer) => answer?,
            Err(error) => return Err(self.failed(&error)),
        }
        changed.ok_or_else(|| self.failed("nothing was written"))
    }

    fn read<T: DeserializeOwned>(&self, key: &str, value: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(value).map_err(|error| self.invalid(key, &error))
    }

    fn write(&self, key: &str, value: &impl Serialize) -> Result<Vec<u8>, Failure> {
        let written = serde_json::to_vec(value).map_err(|error| self.invalid(key, &error))?;
        self.check_size(key, &written)?;
        Ok(written)
    }

    /// A permanent failure, because no other attempt would succeed.
    fn check_size(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        let bytes = value.len();
        if bytes <= MAX_VALUE_BYTES {
            return Ok(());
        }
        let message = format!(
            "the value for `{key}` in the bucket `{}` has {bytes} bytes, more than the limit of {MAX_VALUE_BYTES}",
            self.name
        );
        Err(Failure::permanent("InvalidValue", message))
    }

    fn invalid(&self, key: &str, error: &serde_json::Error) -> Failure {
        let message =
            format!("`{key}` in the bucket `{}` does not have the expected form: {error}", self.name);
        Failure::permanent("InvalidValue", message)
    }

    fn failed(&self, error: &str) -> Failure {
        Failure::retryable("KeyValueFailed", format!("bucket `{}`: {error}", self.name))
    }
}

#[cfg(target_family = "wasm")]
mod wasi {
    //! Accesses buckets through `wasi:keyvalue`.

    use crate::{
        Failure,
        bindings::wasi::keyvalue::{
            atomics::{self, Cas, CasError},
            batch,
            store::{self, Error},
        },
    };

    #[derive(Debug)]
    pub(super) struct Handle(store::Bucket);

    pub(super) fn open(bucket: &str) -> Result<Handle, Failure> {
        store::open(bucket).map(Handle).map_err(|error| match error {
            Error::AccessDenied => Failure::permanent(
                "KeyValueDenied",
                format!("the bucket `{bucket}` is not granted to this step; see `grants.key_value` in the template"),
            ),
            other => Failure::retryable("KeyValueFailed", format!("bucket `{bucket}`: {}", said(other))),
        })
    }

    fn said(error: Error) -> String {
        match error {
            Error::NoSuchStore => "the host has no key-value store".to_owned(),
            Error::AccessDenied => "access was denied".to_owned(),
            Error::Other(message) => message,
        }
    }

    impl Handle {
        pub(super) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
            self.0.get(key).map_err(said)
        }

        pub(super) fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, String> {
            let found = batch::get_many(&self.0, &owned(keys)).map_err(said)?;
            Ok(found.into_iter().map(|pair| pair.map(|(_, value)| value)).collect())
        }

        pub(super) fn set(&self, key: &str, value: &[u8]) -> Result<(), String> {
            self.0.set(key, value).map_err(said)
        }

        pub(super) fn set_many(&self, values: &[(String, Vec<u8>)]) -> Result<(), String> {
            batch::set_many(&self.0, values).map_err(said)
        }

        pub(super) fn delete(&self, keys: &[&str]) -> Result<(), String> {
            batch::delete_many(&self.0, &owned(keys)).map_err(said)
        }

        pub(super) fn exists(&self, key: &str) -> Result<bool, String> {
            self.0.exists(key).map_err(said)
        }

        pub(super) fn keys(&self) -> Result<Vec<String>, String> {
            let mut keys = Vec::new();
            let mut cursor = None;
            loop {
                let page = self.0.list_keys(cursor.as_deref()).map_err(said)?;
                keys.extend(page.keys);
                cursor = page.cursor;
                if cursor.is_none() {
                    return Ok(keys);
                }
            }
        }

        pub(super) fn increment(&self, key: &str, delta: i64) -> Result<i64, String> {
            atomics::increment(&self.0, key, delta).map_err(said)
        }

        pub(super) fn swap(
            &self,
            key: &str,
            mut change: impl FnMut(Option<Vec<u8>>) -> Result<Vec<u8>, Failure>,
        ) -> Result<Result<(), Failure>, String> {
            let mut seen = Cas::new(&self.0, key).map_err(said)?;
            loop {
                let new = match change(seen.current().map_err(said)?) {
                    Ok(new) => new,
                    Err(failure) => return Ok(Err(failure)),
                };
                match atomics::swap(seen, &new) {
                    Ok(()) => return Ok(Ok(())),
                    Err(CasError::CasFailed(now)) => seen = now,
                    Err(CasError::StoreError(error)) => return Err(said(error)),
                }
            }
        }
    }

    fn owned(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|&key| key.to_owned()).collect()
    }
}

#[cfg(not(target_family = "wasm"))]
mod native {
    //! In ordinary tests, buckets are kept in memory, per thread, and never fail.
    #![allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "as in the component")]

    use std::{cell::RefCell, collections::BTreeMap};

    use crate::Failure;

    thread_local! {
        static BUCKETS: RefCell<BTreeMap<(String, String), Vec<u8>>> = const { RefCell::new(BTreeMap::new()) };
    }

    #[derive(Debug)]
    pub(super) struct Handle(String);

    pub(super) fn open(bucket: &str) -> Result<Handle, Failure> {
        Ok(Handle(bucket.to_owned()))
    }

    impl Handle {
        fn place(&self, key: &str) -> (String, String) {
            (self.0.clone(), key.to_owned())
        }

        pub(super) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
            Ok(BUCKETS.with_borrow(|values| values.get(&self.place(key)).cloned()))
        }

        pub(super) fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, String> {
            keys.iter().map(|key| self.get(key)).collect()
        }

        pub(super) fn set(&self, key: &str, value: &[u8]) -> Result<(), String> {
            BUCKETS.with_borrow_mut(|values| values.insert(self.place(key), value.to_vec()));
            Ok(())
        }

        pub(super) fn set_many(&self, values: &[(String, Vec<u8>)]) -> Result<(), String> {
            values.iter().try_for_each(|(key, value)| self.set(key, value))
        }

        pub(super) fn delete(&self, keys: &[&str]) -> Result<(), String> {
            BUCKETS.with_borrow_mut(|values| {
                values.retain(|(bucket, key), _| *bucket != self.0 || !keys.contains(&&**key));
            });
            Ok(())
        }

        pub(super) fn exists(&self, key: &str) -> Result<bool, String> {
            Ok(self.get(key)?.is_some())
        }

        pub(super) fn keys(&self) -> Result<Vec<String>, String> {
            let of_this = |values: &BTreeMap<(String, String), Vec<u8>>| {
                values.keys().filter(|(bucket, _)| *bucket == self.0).map(|(_, key)| key.clone()).collect()
            };
            Ok(BUCKETS.with_borrow(of_this))
        }

        pub(super) fn increment(&self, key: &str, delta: i64) -> Result<i64, String> {
            let digits = self
                .get(key)?
                .map_or_else(|| "0".to_owned(), |value| String::from_utf8_lossy(&value).into_owned());
            let number: i64 =
                digits.parse().map_err(|error| format!("`{key}` cannot be incremented: {error}"))?;
            let sum = number
                .checked_add(delta)
                .ok_or_else(|| format!("incrementing `{key}` would exceed 64 bits"))?;
            self.set(key, sum.to_string().as_bytes())?;
            Ok(sum)
        }

        pub(super) fn swap(
            &self,
            key: &str,
            mut change: impl FnMut(Option<Vec<u8>>) -> Result<Vec<u8>, Failure>,
        ) -> Result<Result<(), Failure>, String> {
            match change(self.get(key)?) {
                Ok(new) => self.set(key, &new).map(Ok),
                Err(failure) => Ok(Err(failure)),
            }
        }
    }
}
