//! The gRPC services on the port of the REST API.

mod calls;
mod client;
mod parity;
mod world;
