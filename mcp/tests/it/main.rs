//! Tests of the MCP server through a real client, against an API in memory.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod catalogue;
mod causes;
mod client;
mod confirmations;
mod fake;
mod http;
mod limits;
mod paths;
mod resources;
mod samples;
mod streams;
mod untrusted;
mod visibility;
