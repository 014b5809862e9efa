//! The API's own description.

use axum::Json;
use utoipa::{OpenApi, openapi};

use crate::{catalog, error, health, tasks};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tasker", description = "Workflows whose steps are WebAssembly components."),
    paths(
        tasks::create,
        tasks::list,
        tasks::show,
        tasks::cancel,
        tasks::audit,
        tasks::steps,
        tasks::step,
        tasks::step_audit,
        tasks::step_attempts,
        catalog::templates,
        catalog::template,
        catalog::handlers,
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
