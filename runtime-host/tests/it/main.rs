//! The host from outside: real components, real sandboxes, and guests that mean harm.

mod behaviour;
mod cancellation;
mod commands;
mod components;
mod egress;
mod isolation;
mod key_value;
mod limits;
mod support;
mod worker;
