//! The standard health service: the readiness of the REST API.

use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::Request as HttpRequest;
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server,
};
use tower::ServiceExt as _;

use crate::{descriptors::Descriptors, routes::Routes};

/// How long a status holds, and how often a watched one is read. All calls share one reading: they need no credentials.
const PAUSE: Duration = Duration::from_secs(1);
const MOST_WATCHERS: usize = 64;
const READINESS: &str = "/health/ready";

/// Every service is as ready as the API.
#[derive(Clone)]
pub(crate) struct Health {
    descriptors: &'static Descriptors,
    routes: Routes,
    read: Arc<Mutex<Option<(Instant, ServingStatus)>>>,
    places: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Health {
    pub(crate) fn new(descriptors: &'static Descriptors, routes: Routes, stop: CancellationToken) -> Self {
        let places = Arc::new(Semaphore::new(MOST_WATCHERS));
        Self { descriptors, routes, read: Arc::default(), places, stop }
    }

    async fn status(&self) -> ServingStatus {
        if self.stop.is_cancelled() {
            return ServingStatus::NotServing;
        }
        let mut read = self.read.lock().await;
        if let Some((at, status)) = *read
            && at.elapsed() < PAUSE
        {
            return status;
        }
        let mut request = HttpRequest::new(Bytes::new());
        *request.uri_mut() = http::Uri::from_static(READINESS);
        let Ok(response) = self.routes.clone().oneshot(request).await;
        let is_ready = response.status().is_success();
        let status = if is_ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        *read = Some((Instant::now(), status));
        status
    }

    /// The name of no service stands for the server.
    fn knows(&self, service: &str) -> bool {
        service.is_empty() || self.descriptors.services().iter().any(|known| known == service)
    }

    /// The next status that differs, or none after the server's stop was told.
    async fn change(&self, last: Option<ServingStatus>) -> Option<ServingStatus> {
        loop {
            let status = self.status().await;
            if last != Some(status) {
                return Some(status);
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.stop.cancelled() => if last == Some(ServingStatus::NotServing) { return None },
            }
        }
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

#[tonic::async_trait]
impl health_server::Health for Health {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = &request.get_ref().service;
        if !self.knows(service) {
            return Err(Status::not_found(format!("there is no service {service}")));
        }
        Ok(Response::new(response(self.status().await)))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let place: OwnedSemaphorePermit = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Status::resource_exhausted(format!("{MOST_WATCHERS} clients watch already")))?;
        if !self.knows(&request.get_ref().service) {
            // As the protocol wants it: the service may come, so the stream stays open.
            let stop = self.stop.clone();
            let unknown = stream::iter([Ok(response(ServingStatus::ServiceUnknown))]);
            let end = stream::once(async move {
                stop.cancelled().await;
                drop(place);
            });
            let rest = end.filter_map(|()| std::future::ready(None));
            return Ok(Response::new(Box::pin(unknown.chain(rest))));
        }
        let watching = (self.clone(), None, place);
        let changes = stream::unfold(watching, |(health, last, place)| async move {
            let status = health.change(last).await?;
            Some((Ok(response(status)), (health, Some(status), place)))
        });
        Ok(Response::new(Box::pin(changes)))
    }
}
