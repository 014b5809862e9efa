//! gRPC on the port of the REST API: calls become requests to its routes.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::Request as HttpRequest,
    middleware::{self, Next},
    response::Response,
};
use tasker_grpc::{Body as GrpcBody, Routes, Services, is_call};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;

use crate::{
    MAX_BODY_BYTES,
    guardian::{Evidence, Guardian},
};

/// The maximum number of calls at once whose messages are read. Each may be as long as a body.
const MAX_CALLS: usize = 512;
/// The maximum length of a message of a caller without valid credentials, in bytes. What needs none has short messages.
const MAX_MESSAGE_OF_NOBODY: usize = 4 << 10;

/// That these routes also speak gRPC: an extension of their requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpeaksGrpc;

#[derive(Clone)]
struct Door {
    services: Services,
    guardian: Guardian,
    places: Arc<Semaphore>,
}

/// Adds the gRPC services to these routes, whose own requests they send to them.
pub(crate) fn with_grpc(routes: Router, guardian: Guardian, stop: CancellationToken) -> Router {
    let routes = routes.layer(Extension(SpeaksGrpc));
    let behind = ServiceBuilder::new()
        .map_response(|response: Response| response.map(GrpcBody::new))
        .map_request(|request: HttpRequest<Bytes>| request.map(Body::from))
        .service(routes.clone());
    let services = Services::new(Routes::new(behind), stop);
    let door = Door { services, guardian, places: Arc::new(Semaphore::new(MAX_CALLS)) };
    // A router of calls would take over the routes' responses to unknown paths.
    routes.layer(middleware::from_fn_with_state(door, split))
}

async fn split(State(door): State<Door>, request: Request, next: Next) -> Response {
    if !is_call(request.headers()) {
        return next.run(request).await;
    }
    // The route checks again. Here it only matters how much of the message is read.
    let known = door.guardian.caller(Evidence::of_program(&request)).await.is_ok();
    let _place = if known { door.places.acquire().await.ok() } else { None };
    let longest = if known { MAX_BODY_BYTES } else { MAX_MESSAGE_OF_NOBODY };
    door.services.call(request.map(GrpcBody::new), longest).await.map(Body::new)
}
