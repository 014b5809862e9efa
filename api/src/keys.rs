//! API keys.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Orchestrator,
    access::{ApiKey, CreatedKey, NewKey, Permission},
};
use utoipa::ToSchema;

use crate::{
    access::Within,
    extract::{Body, Path},
    page::{List, NoFilters, Page, PageParameters},
    problem::{ApiError, Problem},
};

/// How long a rotated key stays valid by default, in seconds.
const OVERLAP_SECONDS: u64 = 24 * 3600;

/// How to rotate a key.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// How long the old key stays valid, in seconds: a day by default, 30 days at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_seconds: Option<u64>,
}

/// Lists the API keys, newest first, without their secrets.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", operation_id = "list_keys", params(PageParameters),
    responses((status = 200, body = Page<ApiKey>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    list: List<NoFilters>,
) -> Result<Page<ApiKey>, ApiError> {
    let keys = orchestrator.keys.list(list.slice()?).await?;
    Ok(list.page(keys, |key| (key.created_at, key.key_id.clone())))
}

/// Creates an API key, with no more permissions than the caller has. Only this response contains its secret.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", operation_id = "create_key", request_body = NewKey, responses(
    (status = 201, body = CreatedKey), (status = 403, body = Problem)))]
pub(crate) async fn create(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Body(request): Body<NewKey>,
) -> Result<(StatusCode, Json<CreatedKey>), ApiError> {
    Ok((StatusCode::CREATED, Json(orchestrator.keys.create(&request, &within.caller).await?)))
}

/// Returns an API key without its secret.
#[utoipa::path(get, path = "/v1/keys/{key_id}", tag = "keys", operation_id = "get_key", params(("key_id" = String, Path)),
    responses((status = 200, body = ApiKey), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    Path(id): Path<String>,
) -> Result<Json<ApiKey>, ApiError> {
    Ok(Json(orchestrator.keys.key(&id).await?))
}

/// Revokes an API key, for good. Every server refuses it within two seconds.
#[utoipa::path(delete, path = "/v1/keys/{key_id}", tag = "keys", operation_id = "revoke_key", params(("key_id" = String, Path)),
    responses((status = 200, body = ApiKey), (status = 404, body = Problem)))]
pub(crate) async fn revoke(
    State(orchestrator): State<Orchestrator>,
    Path(id): Path<String>,
) -> Result<Json<ApiKey>, ApiError> {
    Ok(Json(orchestrator.keys.revoke(&id).await?))
}

/// Creates a successor of an API key with the same rights and as long a life. The key itself expires after the overlap, so
/// that this needs `keys:revoke` too.
#[utoipa::path(post, path = "/v1/keys/{key_id}/rotate", tag = "keys", operation_id = "rotate_key", params(("key_id" = String, Path)),
    request_body = KeyRotation, responses((status = 201, body = CreatedKey), (status = 403, body = Problem),
    (status = 404, body = Problem), (status = 409, body = Problem, description = "It is revoked, or has expired.")))]
pub(crate) async fn rotate(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(id): Path<String>,
    Body(rotation): Body<KeyRotation>,
) -> Result<(StatusCode, Json<CreatedKey>), ApiError> {
    // It ends the key, which may be another's.
    within.must(Permission::KeysRevoke)?;
    let overlap = Duration::from_secs(rotation.overlap_seconds.unwrap_or(OVERLAP_SECONDS));
    Ok((StatusCode::CREATED, Json(orchestrator.keys.rotate(&id, overlap, &within.caller).await?)))
}
