//! Published handlers and their versions.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{HandlerVersion, Orchestrator, read::HandlerSummary};

use crate::{
    error::{ApiError, ErrorBody},
    extract::{Body, Path},
};

/// Lists the handlers that templates can use.
#[utoipa::path(get, path = "/v1/handlers", tag = "catalog", responses((status = 200, body = [HandlerSummary])))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
) -> Result<Json<Vec<HandlerSummary>>, ApiError> {
    Ok(Json(orchestrator.reader.handlers().await?))
}

/// A change of a handler's current version. New tasks use the current version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum HandlerOperation {
    /// Makes a version current.
    Promote {
        /// The number of the version.
        version: i32,
    },
    /// Makes the version current that was current before the last promotion.
    RollBack,
}

/// Lists the versions of a handler, newest first.
#[utoipa::path(get, path = "/v1/handlers/{callable}/versions", tag = "catalog", params(("callable" = String, Path)),
    responses((status = 200, body = [HandlerVersion]), (status = 404, body = ErrorBody)))]
pub(crate) async fn versions(
    State(orchestrator): State<Orchestrator>,
    Path(callable): Path<String>,
) -> Result<Json<Vec<HandlerVersion>>, ApiError> {
    Ok(Json(orchestrator.catalog.handler_versions(&callable).await?))
}

/// Changes the current version of a handler: `action` is `promote` (with `version`) or `roll_back`. Existing
/// tasks keep their version.
#[utoipa::path(patch, path = "/v1/handlers/{callable}/versions", tag = "catalog", params(("callable" = String, Path)),
    request_body = Object, responses((status = 200, body = [HandlerVersion]), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody)))]
pub(crate) async fn operate(
    State(orchestrator): State<Orchestrator>,
    Path(callable): Path<String>,
    Body(operation): Body<HandlerOperation>,
) -> Result<Json<Vec<HandlerVersion>>, ApiError> {
    match operation {
        HandlerOperation::Promote { version } => {
            orchestrator.catalog.promote_handler(&callable, version).await?;
        }
        HandlerOperation::RollBack => drop(orchestrator.catalog.roll_back_handler(&callable).await?),
    }
    Ok(Json(orchestrator.catalog.handler_versions(&callable).await?))
}
