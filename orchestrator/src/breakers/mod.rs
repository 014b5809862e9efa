//! Circuit breakers: while a service is away, calls to it fail at once instead of waiting for it.

mod services;
mod webhooks;

pub(crate) use services::Breakers;
