//! Tasker's gRPC services.
//!
//! Each method names a route of the REST API in its descriptor. A call becomes a request to that route, with the caller's
//! credentials, and the response becomes a message. So a call has the permissions, limits and records of its route.
#![forbid(unsafe_code)]

mod codec;
mod descriptors;
mod events;
mod from_json;
mod health;
mod into_json;
mod method;
mod request;
mod routes;
mod services;
mod status;

pub use descriptors::DESCRIPTORS;
pub use routes::Routes;
pub use services::{Services, is_call};
pub use status::{refused, unavailable};
pub use tonic::body::Body;
