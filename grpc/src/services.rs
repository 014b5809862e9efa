//! All services: those of the `.proto` files, and those that every gRPC server has.

use std::{convert::Infallible, sync::Arc};

use http::{HeaderMap, Request, Response, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, body::Body};
use tonic_health::pb::health_server::{HealthServer, SERVICE_NAME};
use tonic_reflection::server::Builder;
use tower::{ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    descriptors::{self, DESCRIPTORS, Descriptors},
    health::Health,
    method,
    routes::Routes,
    status,
};

/// The length of what stands before a message.
const FRAME: usize = 5;

type Service = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Whether this request is a gRPC call.
#[must_use]
pub fn is_call(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    // Others, such as `application/grpc-web` and `application/grpc+json`, are other protocols.
    matches!(kind, b"application/grpc" | b"application/grpc+proto")
}

/// The gRPC services over a REST API.
#[derive(Clone)]
pub struct Services {
    descriptors: &'static Descriptors,
    routes: Routes,
    /// The services that every gRPC server has, by name.
    standard: Arc<[(&'static str, Service)]>,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Services").finish_non_exhaustive()
    }
}

impl Services {
    /// The services. Watched health ends when `stop` is cancelled.
    #[must_use]
    pub fn new(routes: Routes, stop: CancellationToken) -> Self {
        let descriptors = descriptors::get();
        let health = HealthServer::new(Health::new(descriptors, routes.clone(), stop));
        let mut standard = vec![(SERVICE_NAME, Service::new(health))];
        let reflection = || {
            Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        // Many programs only know the older one.
        match (reflection().build_v1(), reflection().build_v1alpha()) {
            (Ok(reflection), Ok(old)) => {
                standard.push(("grpc.reflection.v1.ServerReflection", Service::new(reflection)));
                standard.push(("grpc.reflection.v1alpha.ServerReflection", Service::new(old)));
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "there is no reflection of the gRPC services");
            }
        }
        Self { descriptors, routes, standard: standard.into() }
    }

    /// Performs a call whose message has at most `longest` bytes. Its errors are in the response's status.
    pub async fn call(&self, request: Request<Body>, longest: usize) -> Response<Body> {
        // No method takes a stream of messages, so its request has a length.
        let request = request.map(|body| {
            Body::new(Limited::new(body, longest + FRAME).map_err(move |error| {
                let is_long = error.is::<LengthLimitError>();
                if is_long { status::too_long(longest) } else { Status::from_error(error) }
            }))
        });
        let path = request.uri().path();
        let service = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if let Some((_, standard)) = self.standard.iter().find(|(name, _)| *name == service) {
            let Ok(response) = standard.clone().oneshot(request).await;
            return response;
        }
        match self.descriptors.method(path) {
            Some(method) => method::call(method, self.routes.clone(), longest, request).await,
            None => {
                let message = format!("there is no method {path}");
                status::of(Code::Unimplemented, "no_such_method", message).into_http()
            }
        }
    }
}
