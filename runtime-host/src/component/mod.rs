//! Components: from untrusted `.wasm` bytes to a program that can be instantiated in microseconds.
//!
//! bytes → [`compiler`] → [`cache`] on disk → [`library`] in memory. A host without the compiler loads
//! components that a publisher has compiled and sealed.

pub(crate) mod artifact;
pub(crate) mod cache;
#[cfg(feature = "compiler")]
pub(crate) mod compiler;
pub(crate) mod library;
pub(crate) mod linker;
pub(crate) mod seal;
