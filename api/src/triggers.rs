//! Triggers: rules that start tasks from events.

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Error, Orchestrator,
    access::Scope,
    triggers::{EventTrial, TriggerSummary},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::Within,
    events::read,
    extract::{Body, Path, Query},
    page::{List, NoFilters, Page, PageParameters},
    problem::{ApiError, Code, Problem},
};

/// Whether a trigger is active.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerSwitch {
    /// Whether it is active from now on.
    pub enabled: bool,
}

/// Whether a trigger, and the task that it starts, are in the scope.
fn is_within(within: &Within, trigger: &TriggerSummary) -> bool {
    within.scope == Scope::All
        || within.scope.contains(&trigger.namespace)
            && trigger.trigger().is_ok_and(|trigger| within.scope.contains(trigger.task_namespace()))
}

/// Returns a trigger in the scope.
async fn find(
    orchestrator: &Orchestrator,
    within: &Within,
    namespace: &str,
    name: &str,
) -> Result<TriggerSummary, ApiError> {
    let hidden = || Error::NoSuchTrigger {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        hint: String::new(),
    };
    if !within.scope.contains(namespace) {
        return Err(hidden().into());
    }
    match orchestrator.triggers.trigger(namespace, name).await {
        Ok(found) if is_within(within, &found) => Ok(found),
        // A hint would name what is outside.
        Ok(_) | Err(Error::NoSuchTrigger { .. }) if within.scope != Scope::All => Err(hidden().into()),
        found => Ok(found?),
    }
}

/// Lists the triggers, sorted by name.
#[utoipa::path(get, path = "/v1/triggers", tag = "events", operation_id = "list_triggers", params(PageParameters), responses(
    (status = 200, body = Page<TriggerSummary>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    list: List<NoFilters>,
) -> Result<Page<TriggerSummary>, ApiError> {
    let triggers = orchestrator.triggers.triggers(&within.scope, list.slice()?).await?;
    let mut page = list.page(triggers, |trigger| (trigger.namespace.clone(), trigger.name.clone()));
    page.items.retain(|trigger| is_within(&within, trigger));
    Ok(page)
}

/// Returns a trigger.
#[utoipa::path(get, path = "/v1/triggers/{namespace}/{name}", tag = "events", operation_id = "get_trigger",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = TriggerSummary), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<TriggerSummary>, ApiError> {
    find(&orchestrator, &within, &namespace, &name).await.map(Json)
}

/// The maximum length of an event that is tried, in bytes. The response repeats what the patterns name of it.
const LONGEST_TRIAL: usize = 64 << 10;

/// Which trigger to try.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrialParameters {
    /// Only this trigger: `namespace/name`.
    trigger: Option<String>,
}

/// Tries an event on the published triggers: which match, what they would start, and why the others do not. Starts nothing.
/// The event comes as in `POST /v1/events`, one at a time, and may have 64 KiB.
#[utoipa::path(post, path = "/v1/triggers/test", tag = "events", operation_id = "test_triggers", params(TrialParameters),
    request_body = Object, responses((status = 200, body = EventTrial),
    (status = 400, body = Problem, description = "Not a CloudEvent. The message states the reason.")))]
pub(crate) async fn test(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Query(TrialParameters { trigger }): Query<TrialParameters>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<EventTrial>, ApiError> {
    let body = body?;
    if body.len() > LONGEST_TRIAL {
        let message =
            format!("the event has {} bytes; one that is tried may have {LONGEST_TRIAL}", body.len());
        return Err(ApiError::new(Code::PayloadTooLarge, message));
    }
    let events = read(&headers, &body)?;
    let [event] = &events[..] else {
        let message = format!("the request has {} events; send one", events.len());
        return Err(ApiError::new(Code::InvalidRequest, message));
    };
    Ok(Json(orchestrator.triggers.try_event(event, &within.scope, trigger.as_deref()).await?))
}

/// Enables or disables a trigger. Publishing the trigger again keeps this setting.
#[utoipa::path(patch, path = "/v1/triggers/{namespace}/{name}", tag = "events", operation_id = "switch_trigger", request_body = TriggerSwitch,
    params(("namespace" = String, Path), ("name" = String, Path)), responses((status = 200, body = TriggerSummary),
    (status = 404, body = Problem), (status = 409, body = Problem, description = "The trigger's file disables it.")))]
pub(crate) async fn switch(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((namespace, name)): Path<(String, String)>,
    Body(TriggerSwitch { enabled }): Body<TriggerSwitch>,
) -> Result<Json<TriggerSummary>, ApiError> {
    find(&orchestrator, &within, &namespace, &name).await?;
    Ok(Json(orchestrator.triggers.enable_trigger(&namespace, &name, enabled).await?))
}

/// Removes a trigger.
#[utoipa::path(delete, path = "/v1/triggers/{namespace}/{name}", tag = "events", operation_id = "remove_trigger",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove(
    State(orchestrator): State<Orchestrator>,
    within: Within,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    find(&orchestrator, &within, &namespace, &name).await?;
    orchestrator.triggers.remove_trigger(&namespace, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
