//! The OpenAPI document of the API.

use axum::Json;
use utoipa::{OpenApi, openapi};

use crate::{dlq, domain_events, error, events, handlers, health, steps, tasks, templates, triggers};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tasker", description = "Workflows whose steps are WebAssembly components."),
    paths(
        tasks::create,
        tasks::list,
        tasks::show,
        tasks::cancel,
        tasks::operate,
        tasks::audit,
        steps::list,
        steps::show,
        steps::operate,
        steps::audit,
        steps::attempts,
        templates::list,
        templates::show,
        handlers::list,
        handlers::versions,
        handlers::operate,
        domain_events::subscriptions,
        domain_events::subscribe,
        domain_events::unsubscribe,
        domain_events::list,
        domain_events::stream,
        events::receive,
        events::list,
        events::show,
        events::replay,
        triggers::list,
        triggers::show,
        triggers::switch,
        triggers::remove,
        dlq::list,
        dlq::of_task,
        dlq::add,
        dlq::show,
        dlq::update,
        dlq::statistics,
        dlq::investigation_queue,
        dlq::staleness,
        health::live,
        health::ready,
        health::detailed,
    ),
    components(schemas(error::ErrorBody))
)]
struct Document;

/// The OpenAPI document.
pub fn document() -> openapi::OpenApi {
    Document::openapi()
}

pub(crate) async fn serve() -> Json<openapi::OpenApi> {
    Json(document())
}
