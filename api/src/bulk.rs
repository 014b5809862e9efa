//! Bulk operations: an action on many tasks, previewed, confirmed, and followed.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tasker_orchestrator::{
    Error, Orchestrator,
    access::Scope,
    bulk::{BulkAction, BulkArguments, BulkFailure, BulkOperation, BulkRequest},
};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::Within,
    extract::{Body, Path},
    filters::Filters,
    page::{List, NoFilters, Page, PageParameters},
    problem::{ApiError, Code, Problem},
};

/// An action on many tasks, or the confirmation of one. A confirmation has only `confirm`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(default)]
pub(crate) struct TaskBulk {
    /// The action.
    action: Option<BulkAction>,
    /// The arguments of the action.
    arguments: Option<BulkArguments>,
    /// The tasks: those that match. `{}` matches all.
    filter: Option<Filters>,
    /// Or these tasks, at most 1,000.
    task_ids: Option<Vec<Uuid>>,
    /// Who requests it. The audit names it beside the API key that the request came with.
    actor: Option<String>,
    /// The reason.
    reason: Option<String>,
    /// How many tasks are concerned at most: the newest. 10,000 by default, 100,000 at most.
    max: Option<i64>,
    /// The token of a preview.
    confirm: Option<String>,
}

impl TaskBulk {
    fn read(self) -> Result<BulkRequest, ApiError> {
        let Self { action, arguments, filter, task_ids, actor, reason, max, confirm: _ } = self;
        let names = || BulkAction::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", ");
        let missing = || {
            let message = format!("`action` is missing; it must be one of {}", names());
            ApiError::new(Code::InvalidRequest, message)
        };
        if filter.as_ref().is_some_and(Filters::have_order) {
            let message = "a bulk operation goes from the newest task to the oldest: leave out `order`";
            return Err(ApiError::new(Code::InvalidRequest, message.to_owned()));
        }
        Ok(BulkRequest {
            action: action.ok_or_else(missing)?,
            arguments: arguments.unwrap_or_default(),
            filter: filter.map(|filter| filter.read(Scope::All)).transpose()?,
            task_ids,
            reason,
            actor,
            max,
        })
    }

    /// Returns the token, which stands alone.
    fn token(&mut self) -> Result<Option<String>, ApiError> {
        let token = self.confirm.take();
        let is_alone = matches!(
            self,
            Self {
                action: None,
                arguments: None,
                filter: None,
                task_ids: None,
                actor: None,
                reason: None,
                max: None,
                confirm: None,
            }
        );
        if token.is_some() && !is_alone {
            let message = "send `confirm` alone: it stands for all that the preview was asked with";
            return Err(ApiError::new(Code::InvalidRequest, message.to_owned()));
        }
        Ok(token)
    }
}

/// Notes which permission is missing, for the record of the request.
fn refused(within: &Within, error: Error) -> ApiError {
    if let Error::Forbidden { permission } = &error {
        within.acts_by(*permission);
    }
    error.into()
}

/// Previews an action on many tasks, and changes nothing: counts them, shows the newest, and returns a token. With this token as
/// `confirm`, the action begins. It also needs the permission of the action: `tasks:cancel` for `cancel`, `tasks:create` for
/// `clone`, `tasks:operate` for the others.
#[utoipa::path(post, path = "/v1/tasks/bulk", tag = "bulk", operation_id = "bulk_operate", request_body = TaskBulk, responses(
    (status = 200, body = BulkOperation, description = "The preview. Nothing has changed."),
    (status = 202, body = BulkOperation, description = "It was confirmed, and begins."),
    (status = 409, body = Problem, description = "The token was used, has expired, or belongs to another caller.")))]
pub(crate) async fn operate(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Body(mut request): Body<TaskBulk>,
) -> Result<Response, ApiError> {
    let Some(token) = request.token()? else {
        let preview = orchestrator.bulk.preview(&within.caller, request.read()?).await;
        return Ok(Json(preview.map_err(|error| refused(&within, error))?).into_response());
    };
    let begun = orchestrator.bulk.confirm(&within.caller, &token).await;
    let begun = begun.map_err(|error| refused(&within, error))?;
    within.acts_by(begun.action.permission());
    within.note(begun.reason.as_deref(), None);
    let location = format!("/v1/bulk/{}", begun.bulk_id);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(begun)).into_response())
}

/// Lists the bulk operations that were confirmed, newest first.
#[utoipa::path(get, path = "/v1/bulk", tag = "bulk", operation_id = "list_bulk", params(PageParameters), responses(
    (status = 200, body = Page<BulkOperation>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<NoFilters>,
) -> Result<Page<BulkOperation>, ApiError> {
    let operations = orchestrator.bulk.list(&within.scope, list.slice()?).await?;
    Ok(list.page(operations, |operation| operation.bulk_id))
}

/// Returns a bulk operation: its state, and how many of its tasks are done and have failed.
#[utoipa::path(get, path = "/v1/bulk/{bulk_id}", tag = "bulk", operation_id = "get_bulk", params(("bulk_id" = Uuid, Path)),
    responses((status = 200, body = BulkOperation), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(bulk): Path<Uuid>,
) -> Result<Json<BulkOperation>, ApiError> {
    Ok(Json(orchestrator.bulk.show(bulk, &within.scope).await?))
}

/// Stops a bulk operation. What was done stands. It also needs the permission of the action.
#[utoipa::path(delete, path = "/v1/bulk/{bulk_id}", tag = "bulk", operation_id = "stop_bulk", params(("bulk_id" = Uuid, Path)),
    responses((status = 200, body = BulkOperation), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "It is complete.")))]
pub(crate) async fn stop(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(bulk): Path<Uuid>,
) -> Result<Json<BulkOperation>, ApiError> {
    let operation = orchestrator.bulk.show(bulk, &within.scope).await?;
    within.acts_by(operation.action.permission());
    Ok(Json(orchestrator.bulk.stop(&within.caller, bulk, &within.scope).await?))
}

/// Lists the tasks that the action could not be applied to, newest first. At most 10,000 of an operation are kept.
#[utoipa::path(get, path = "/v1/bulk/{bulk_id}/failures", tag = "bulk", operation_id = "list_bulk_failures",
    params(("bulk_id" = Uuid, Path), PageParameters), responses((status = 200, body = Page<BulkFailure>), (status = 404, body = Problem)))]
pub(crate) async fn failures(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path(bulk): Path<Uuid>,
    list: List<NoFilters>,
) -> Result<Page<BulkFailure>, ApiError> {
    let failures = orchestrator.bulk.failures(bulk, &within.scope, list.slice()?).await?;
    Ok(list.page(failures, |failure| failure.task_id))
}
