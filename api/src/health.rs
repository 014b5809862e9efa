//! Liveness, readiness and detailed health.

use std::collections::BTreeMap;

use axum::{Extension, Json, extract::State};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::Orchestrator;
use utoipa::ToSchema;

use crate::{access::Guardian, problem::ApiError};

/// The health of the process.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
}

/// The health of the process, with details.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DetailedHealth {
    /// `ok`.
    pub status: String,
    /// The version of Tasker.
    pub version: String,
    /// The number of steps that are enqueued, in progress or waiting for a retry, by state.
    pub open_steps: BTreeMap<String, i64>,
    /// Why tokens of the identity provider cannot be verified at present, if they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<String>,
}

fn ok() -> Health {
    Health { status: "ok".to_owned() }
}

/// Returns 200 if the process is running.
#[utoipa::path(get, path = "/health/live", tag = "health", operation_id = "get_liveness", responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(ok())
}

/// Returns 200 if the database responds, so that tasks can be created.
#[utoipa::path(get, path = "/health/ready", tag = "health", operation_id = "get_readiness", responses(
    (status = 200, body = Health)))]
pub(crate) async fn ready(State(orchestrator): State<Orchestrator>) -> Result<Json<Health>, ApiError> {
    orchestrator.reader.check_database().await?;
    Ok(Json(ok()))
}

/// As `/health/ready`.
#[utoipa::path(get, path = "/health", tag = "health", operation_id = "get_health", responses(
    (status = 200, body = Health)))]
pub(crate) async fn health(orchestrator: State<Orchestrator>) -> Result<Json<Health>, ApiError> {
    ready(orchestrator).await
}

/// Returns the number of open steps.
#[utoipa::path(get, path = "/health/detailed", tag = "health", operation_id = "get_detailed_health", responses(
    (status = 200, body = DetailedHealth)))]
pub(crate) async fn detailed(
    State(orchestrator): State<Orchestrator>,
    Extension(guardian): Extension<Guardian>,
) -> Result<Json<DetailedHealth>, ApiError> {
    Ok(Json(DetailedHealth {
        status: ok().status,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        open_steps: orchestrator.reader.open_steps().await?,
        tokens: guardian.fault_of_tokens(),
    }))
}
