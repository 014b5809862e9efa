//! Tests of the API through HTTP.

mod access;
mod bulk;
mod discovery;
mod events;
mod follow;
mod grpc;
mod host;
mod inspection;
mod mcp;
mod openapi;
mod orchestrator;
mod overload;
mod problems;
mod refusals;
mod repetition;
mod search;
mod server;
mod tasks;
mod tokens;
mod trail;
mod trials;
mod waiting;
