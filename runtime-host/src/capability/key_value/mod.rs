//! `wasi:keyvalue`: the buckets that the step is granted in its namespace, in the host's key-value store.

mod bucket;
mod interface;

pub(crate) use bucket::KeyValues;
#[expect(unreachable_pub, reason = "the generated bindings name them again")]
pub use bucket::{Bucket, Cas};
