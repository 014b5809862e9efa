//! Tasker's REST API: parses a request, calls the orchestrator, and returns JSON.
//!
//! The API does not authenticate callers. Bind it to loopback or put it behind an authenticating proxy.
#![forbid(unsafe_code)]

mod dlq;
mod domain_events;
mod error;
mod events;
mod extract;
mod guard;
mod handlers;
mod health;
mod openapi;
mod server;
mod steps;
mod tasks;
mod templates;
mod triggers;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{delete, get, post},
};
use tasker_orchestrator::Orchestrator;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use dlq::{DlqAddition, DlqUpdate};
pub use error::{ErrorBody, ErrorDetail};
pub use handlers::HandlerOperation;
pub use health::{DetailedHealth, Health};
pub use openapi::document as openapi_document;
pub use steps::{StepActionName, StepOperation};
pub use tasks::{AnswerBy, CancelledTask, CreatedTask, OperatedTask, TaskOperation, TaskPage};
pub use triggers::TriggerSwitch;

/// The largest request body of a server, in bytes.
const MAX_BODY_BYTES: usize = 8 << 20;

/// The routes of the API. Streaming responses end when `stop` is cancelled.
pub fn router(orchestrator: Orchestrator, stop: CancellationToken) -> Router {
    router_with_bodies(orchestrator, stop, MAX_BODY_BYTES)
}

/// As [`router`], with another limit on the bodies of requests, in bytes.
pub fn router_with_bodies(
    orchestrator: Orchestrator,
    stop: CancellationToken,
    max_body_bytes: usize,
) -> Router {
    Router::new()
        .route("/v1/tasks", post(tasks::create).get(tasks::list))
        .route("/v1/tasks/{task_id}", get(tasks::show).patch(tasks::operate).delete(tasks::cancel))
        .route("/v1/tasks/{task_id}/workflow_steps", get(steps::list))
        .route("/v1/tasks/{task_id}/workflow_steps/{step}", get(steps::show).patch(steps::operate))
        .route("/v1/tasks/{task_id}/workflow_steps/{step}/audit", get(steps::audit))
        .route("/v1/tasks/{task_id}/workflow_steps/{step}/attempts", get(steps::attempts))
        .route("/v1/tasks/{task_id}/audit", get(tasks::audit))
        .route("/v1/templates", get(templates::list))
        .route("/v1/templates/{namespace}/{name}/{version}", get(templates::show))
        .route("/v1/handlers", get(handlers::list))
        .route("/v1/handlers/{callable}/versions", get(handlers::versions).patch(handlers::operate))
        .route("/v1/subscriptions", get(domain_events::subscriptions).post(domain_events::subscribe))
        .route("/v1/subscriptions/{name}", delete(domain_events::unsubscribe))
        .route("/v1/domain-events", get(domain_events::list))
        .route("/v1/domain-events/stream", get(domain_events::stream))
        .route("/v1/events", get(events::list).post(events::receive))
        .route("/v1/events/{received_id}", get(events::show))
        .route("/v1/events/{received_id}/replay", post(events::replay))
        .route("/v1/triggers", get(triggers::list))
        .route(
            "/v1/triggers/{namespace}/{name}",
            get(triggers::show).patch(triggers::switch).delete(triggers::remove),
        )
        .route("/v1/dlq", get(dlq::list))
        .route("/v1/dlq/task/{task_id}", get(dlq::of_task).post(dlq::add))
        .route("/v1/dlq/entry/{dlq_entry_id}", get(dlq::show).patch(dlq::update))
        .route("/v1/dlq/stats", get(dlq::statistics))
        .route("/v1/dlq/investigation-queue", get(dlq::investigation_queue))
        .route("/v1/dlq/staleness", get(dlq::staleness))
        .route("/health", get(health::ready))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health/detailed", get(health::detailed))
        .route("/openapi.json", get(openapi::serve))
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(middleware::from_fn(guard::refuse_nul))
        .layer(DefaultBodyLimit::max(max_body_bytes))
        .layer(Extension(stop))
        .with_state(orchestrator)
}

/// Serves the API until `stop` is cancelled, then finishes running requests. On loopback, accepts only requests to names of
/// this machine and to `hosts`.
///
/// # Errors
/// The listener has no address.
pub async fn serve(
    listener: TcpListener,
    orchestrator: Orchestrator,
    hosts: Vec<String>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let mut router = router(orchestrator, stop.clone());
    if listener.local_addr()?.ip().is_loopback() {
        router = router
            .layer(middleware::from_fn_with_state(Arc::<[String]>::from(hosts), guard::refuse_foreign_pages));
    }
    server::serve(listener, router, stop).await;
    Ok(())
}
