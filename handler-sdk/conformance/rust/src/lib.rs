//! The handlers of the conformance suite, in Rust. `../README.md` says what each does.

mod context;
mod execution;
mod failures;
mod http;
mod json;
mod key_value;
mod outcomes;
