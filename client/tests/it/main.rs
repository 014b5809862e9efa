//! The client against a server of the test, which misbehaves as told, and against the real API on a real database.

mod documents;
mod environment;
mod example;
mod fake;
mod generate;
mod host;
mod lists;
mod redirects;
mod refusals;
mod retries;
mod routes;
mod server;
mod streams;
mod tasks;
mod types;
mod waits;
