//! The REST API behind the services.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use tonic::body::Body;
use tower::util::BoxCloneSyncService;

/// The REST API. A request has the extensions of its call.
pub type Routes = BoxCloneSyncService<Request<Bytes>, Response<Body>, Infallible>;
