//! Components: from untrusted `.wasm` bytes to something that can be instantiated in microseconds.
//!
//! bytes → ([`adapt`] →) [`compile`] (perhaps in a [`child`] process) → [`cache`] on disk → [`library`] in memory.

mod adapt;
pub(crate) mod cache;
pub(crate) mod child;
pub(crate) mod compile;
pub(crate) mod library;
pub(crate) mod linker;
