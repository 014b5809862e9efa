//! The standard health service: the readiness of the REST API.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use http::Request as HttpRequest;
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server,
};
use tower::ServiceExt as _;

use crate::{descriptors::Descriptors, routes::Routes};

/// How often a watched status is read.
const PAUSE: Duration = Duration::from_secs(1);
const READINESS: &str = "/health/ready";

/// Every service is as ready as the API.
#[derive(Clone)]
pub(crate) struct Health {
    descriptors: &'static Descriptors,
    routes: Routes,
}

impl Health {
    pub(crate) fn new(descriptors: &'static Descriptors, routes: Routes) -> Self {
        Self { descriptors, routes }
    }

    async fn status(&self) -> HealthCheckResponse {
        let mut request = HttpRequest::new(Bytes::new());
        *request.uri_mut() = http::Uri::from_static(READINESS);
        let Ok(response) = self.routes.clone().oneshot(request).await;
        let status =
            if response.status().is_success() { ServingStatus::Serving } else { ServingStatus::NotServing };
        HealthCheckResponse { status: status.into() }
    }

    /// The name of no service stands for the server.
    fn knows(&self, service: &str) -> bool {
        service.is_empty() || self.descriptors.services().iter().any(|known| known == service)
    }
}

#[tonic::async_trait]
impl health_server::Health for Health {
    type WatchStream = std::pin::Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = &request.get_ref().service;
        if !self.knows(service) {
            return Err(Status::not_found(format!("there is no service {service}")));
        }
        Ok(Response::new(self.status().await))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        if !self.knows(&request.get_ref().service) {
            // As the protocol says, because the service may come.
            let unknown = HealthCheckResponse { status: ServingStatus::ServiceUnknown.into() };
            return Ok(Response::new(Box::pin(stream::iter([Ok(unknown)]))));
        }
        let changes = stream::unfold((self.clone(), None), |(health, last)| async move {
            loop {
                let status = health.status().await;
                if last != Some(status.status) {
                    return Some((Ok(status), (health, Some(status.status))));
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Ok(Response::new(Box::pin(changes)))
    }
}
