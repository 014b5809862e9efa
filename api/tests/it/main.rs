//! Tests of the API through HTTP.

mod events;
mod refusals;
mod waiting;
