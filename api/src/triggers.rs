//! Triggers: rules that start tasks from events.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{Orchestrator, triggers::TriggerSummary};
use utoipa::ToSchema;

use crate::{
    error::{ApiError, ErrorBody},
    extract::{Body, Path},
};

/// Whether a trigger is active.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerSwitch {
    /// Whether it is active from now on.
    pub enabled: bool,
}

/// Lists the triggers.
#[utoipa::path(get, path = "/v1/triggers", tag = "events", responses((status = 200, body = [TriggerSummary])))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
) -> Result<Json<Vec<TriggerSummary>>, ApiError> {
    Ok(Json(orchestrator.triggers.triggers().await?))
}

/// Returns a trigger.
#[utoipa::path(get, path = "/v1/triggers/{namespace}/{name}", tag = "events",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = TriggerSummary), (status = 404, body = ErrorBody)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<TriggerSummary>, ApiError> {
    Ok(Json(orchestrator.triggers.trigger(&namespace, &name).await?))
}

/// Enables or disables a trigger. Publishing the trigger again keeps this setting.
#[utoipa::path(patch, path = "/v1/triggers/{namespace}/{name}", tag = "events", request_body = TriggerSwitch,
    params(("namespace" = String, Path), ("name" = String, Path)), responses((status = 200, body = TriggerSummary),
    (status = 404, body = ErrorBody), (status = 409, body = ErrorBody, description = "The trigger's file disables it.")))]
pub(crate) async fn switch(
    State(orchestrator): State<Orchestrator>,
    Path((namespace, name)): Path<(String, String)>,
    Body(TriggerSwitch { enabled }): Body<TriggerSwitch>,
) -> Result<Json<TriggerSummary>, ApiError> {
    Ok(Json(orchestrator.triggers.enable_trigger(&namespace, &name, enabled).await?))
}

/// Removes a trigger.
#[utoipa::path(delete, path = "/v1/triggers/{namespace}/{name}", tag = "events",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove(
    State(orchestrator): State<Orchestrator>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    orchestrator.triggers.remove_trigger(&namespace, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
