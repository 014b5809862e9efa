//! Liveness, readiness and detailed health.

use std::collections::BTreeMap;

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{Checked, Fitness, Orchestrator};
use utoipa::ToSchema;

use crate::{guardian::Guardian, problem::ApiError};

/// The health of the process.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
}

/// The condition of a service.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HealthCheck {
    /// How well it does.
    pub status: Fitness,
    /// What is to be said about it. A `breaker` that is `open` keeps calls from a service that was away several times in
    /// sequence; `half-open`, it lets the next one through.
    pub message: String,
    /// How long the service took to respond, if it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// The health of the process, with details.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DetailedHealth {
    /// `ok`, `degraded` or `down`: the worst of the checks.
    pub status: String,
    /// The condition of the services: `database`, `queue`, `blob_store`, `creations` (those that wait), and `webhook:` with a host for
    /// each that is away.
    #[serde(default)]
    pub checks: BTreeMap<String, HealthCheck>,
    /// The version of Tasker.
    pub version: String,
    /// The number of steps that are enqueued, in progress or waiting for a retry, by state. Empty if the database does not respond.
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

/// Returns the condition of the services, and the number of open steps. 503 if no task can be created.
#[utoipa::path(get, path = "/health/detailed", tag = "health", operation_id = "get_detailed_health", responses(
    (status = 200, body = DetailedHealth),
    (status = 503, body = DetailedHealth, description = "The database does not respond.")))]
pub(crate) async fn detailed(
    State(orchestrator): State<Orchestrator>,
    Extension(guardian): Extension<Guardian>,
) -> Result<Response, ApiError> {
    let checked = orchestrator.engine.check_services().await;
    let worst = checked.iter().map(|checked| checked.fitness).max().unwrap_or(Fitness::Ok);
    let is_down = worst == Fitness::Down;
    let open_steps = if is_down { BTreeMap::new() } else { orchestrator.reader.open_steps().await? };
    let health = DetailedHealth {
        status: worst.as_str().to_owned(),
        checks: checked.into_iter().map(check).collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        open_steps,
        tokens: guardian.fault_of_tokens(),
    };
    let status = if is_down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    Ok((status, Json(health)).into_response())
}

fn check(Checked { name, fitness, message, took }: Checked) -> (String, HealthCheck) {
    let duration_ms = took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    (name, HealthCheck { status: fitness, message, duration_ms })
}
