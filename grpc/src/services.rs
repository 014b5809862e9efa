//! All services: those of the `.proto` files, and those that every gRPC server has.

use std::{convert::Infallible, sync::Arc};

use http::{HeaderMap, Request, Response, header::CONTENT_TYPE};
use tonic::{Status, body::Body};
use tonic_health::pb::health_server::{HealthServer, SERVICE_NAME};
use tonic_reflection::server::Builder;
use tower::{ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    descriptors::{self, DESCRIPTORS, Descriptors},
    health::Health,
    method,
    routes::Routes,
};

type Service = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Whether this request is a gRPC call.
#[must_use]
pub fn is_call(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    // `application/grpc-web` is another protocol.
    kind.strip_prefix(b"application/grpc")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// The gRPC services over a REST API.
#[derive(Clone)]
pub struct Services {
    descriptors: &'static Descriptors,
    routes: Routes,
    max_body_bytes: usize,
    /// The services that every gRPC server has, by name.
    standard: Arc<[(&'static str, Service)]>,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Services").finish_non_exhaustive()
    }
}

impl Services {
    /// The services, with messages of at most `max_body_bytes`.
    #[must_use]
    pub fn new(routes: Routes, max_body_bytes: usize) -> Self {
        let descriptors = descriptors::get();
        let health = HealthServer::new(Health::new(descriptors, routes.clone()));
        let mut standard = vec![(SERVICE_NAME, Service::new(health))];
        let reflection = || {
            Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        // Many programs only know the older one.
        if let (Ok(reflection), Ok(old)) = (reflection().build_v1(), reflection().build_v1alpha()) {
            standard.push(("grpc.reflection.v1.ServerReflection", Service::new(reflection)));
            standard.push(("grpc.reflection.v1alpha.ServerReflection", Service::new(old)));
        }
        Self { descriptors, routes, max_body_bytes, standard: standard.into() }
    }

    /// Performs a call. Its errors are in the response's status.
    pub async fn call(&self, request: Request<Body>) -> Response<Body> {
        let path = request.uri().path();
        let service = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if let Some((_, standard)) = self.standard.iter().find(|(name, _)| *name == service) {
            let Ok(response) = standard.clone().oneshot(request).await;
            return response;
        }
        match self.descriptors.method(path) {
            Some(method) => method::call(method, self.routes.clone(), self.max_body_bytes, request).await,
            None => Status::unimplemented(format!("there is no method {path}")).into_http(),
        }
    }
}
