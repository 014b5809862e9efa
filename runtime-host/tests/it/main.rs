//! Tests of the host through its public API: real components, real sandboxes, hostile guests.

mod behaviour;
mod cancellation;
mod commands;
mod components;
mod continuation;
mod egress;
mod hoarding;
mod isolation;
mod key_value;
mod limits;
mod merged;
mod outages;
mod support;
mod worker;
