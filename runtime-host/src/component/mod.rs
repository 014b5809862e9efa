//! Components: from untrusted `.wasm` bytes to something that can be instantiated in microseconds.
//!
//! bytes → [`compile`] (perhaps in a [`child`] process) → [`cache`] on disk → [`library`] in memory.

pub(crate) mod cache;
pub(crate) mod child;
pub(crate) mod compile;
pub(crate) mod library;
pub(crate) mod linker;
