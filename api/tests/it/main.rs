//! Tests of the API through HTTP.

mod events;
mod orchestrator;
mod refusals;
mod tasks;
mod waiting;
