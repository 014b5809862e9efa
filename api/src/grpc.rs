//! gRPC on the port of the REST API: calls become requests to its routes.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use tasker_grpc::{Routes, Services, is_call};
use tower::ServiceBuilder;

use crate::MAX_BODY_BYTES;

/// Adds the gRPC services to these routes, whose own requests they send to them.
pub(crate) fn with_grpc(routes: Router) -> Router {
    let behind = ServiceBuilder::new()
        .map_response(|response: Response| response.map(tasker_grpc::Body::new))
        .map_request(|request: axum::http::Request<Bytes>| request.map(Body::from))
        .service(routes.clone());
    let services = Services::new(Routes::new(behind), MAX_BODY_BYTES);
    // A router of calls would take over the routes' responses to unknown paths.
    routes.layer(middleware::from_fn_with_state(services, split))
}

async fn split(State(services): State<Services>, request: Request, next: Next) -> Response {
    if is_call(request.headers()) {
        services.call(request.map(tasker_grpc::Body::new)).await.map(Body::new)
    } else {
        next.run(request).await
    }
}
