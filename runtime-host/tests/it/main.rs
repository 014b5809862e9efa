//! The host from outside: real components, real sandboxes, and guests that mean harm.

mod behaviour;
mod support;
