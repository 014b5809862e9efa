//! Tests of the API through HTTP.

mod access;
mod bulk;
mod discovery;
mod events;
mod follow;
mod follow_list;
mod grpc;
mod host;
mod inspection;
mod mcp;
mod openapi;
mod operation;
mod orchestrator;
mod overload;
mod problems;
mod refinement;
mod refusals;
mod repetition;
mod search;
mod server;
mod stream;
mod tasks;
mod tokens;
mod trail;
mod trials;
mod waiting;
