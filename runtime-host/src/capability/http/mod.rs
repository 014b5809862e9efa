//! `wasi:http`: outbound requests to the destinations that the step is granted.
//!
//! Linking the interface grants nothing. [`policy`] decides and `client` connects; `requests` passes every guest
//! request through both. `interface` counts the memory of all of it.

mod body;
mod client;
pub(crate) mod interface;
pub(crate) mod policy;
mod requests;
mod resolver;

pub(crate) use client::HttpClient;
pub(crate) use requests::{HttpState, NotGranted};
