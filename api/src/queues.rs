//! The queues between orchestrators and hosts.

use axum::extract::State;
use tasker_orchestrator::{Orchestrator, QueueDepth};

use crate::{
    page::{List, NoFilters, Page, PageParameters},
    problem::ApiError,
};

/// Returns how many messages the queues hold, approximately.
#[utoipa::path(get, path = "/v1/queues", tag = "operation", operation_id = "list_queues", params(PageParameters), responses(
    (status = 200, body = Page<QueueDepth>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    list: List<NoFilters>,
) -> Result<Page<QueueDepth>, ApiError> {
    Ok(list.has_one_page()?.whole(orchestrator.queues.depths().await?))
}
