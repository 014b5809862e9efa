//! Who did what: records requests that change something and requests that are refused, and lists the records.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header::USER_AGENT, request::Parts},
};
use serde::{Deserialize, Serialize};
use tasker_orchestrator::{
    Orchestrator,
    access::{Access, AccessFilter, AccessOutcome, AccessRequest, Permission, Principal, Trail},
};
use utoipa::IntoParams;

use crate::{
    moment::Moment,
    page::{List, Page, PageParameters},
    per_minute::{PerMinute, network_of},
    problem::{ApiError, Code},
    request_id,
};

/// The address that a request came from: an extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// How many refusals of one principal are recorded in a minute, and of one address without valid credentials.
const MOST_REFUSALS: u32 = 10;

/// How many refusals without valid credentials are recorded in a minute, from all addresses.
const MOST_OF_NOBODY: u32 = 100;
/// Whom those are counted by.
const NOBODY: &str = "nobody";

/// What a handler adds to the record of its request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Note(Arc<OnceLock<(Option<String>, Option<String>)>>, Arc<OnceLock<Permission>>);

impl Note {
    /// Why the request was sent, and for whom.
    pub(crate) fn add(&self, reason: Option<&str>, on_behalf_of: Option<&str>) {
        let _ = self.0.set((reason.map(str::to_owned), on_behalf_of.map(str::to_owned)));
    }

    /// By which permission the request acts, if the route alone does not say.
    pub(crate) fn acts_by(&self, permission: Permission) {
        let _ = self.1.set(permission);
    }
}

/// The trail, with what limits it.
#[derive(Clone)]
pub(crate) struct Recorder {
    trail: Arc<Trail>,
    refusals: Arc<PerMinute>,
    /// Those without valid credentials, by address, apart from the others.
    of_nobody: Arc<PerMinute>,
}

/// What a record needs of a request, before it is worked on. Most requests have none, so that this copies no text.
pub(crate) struct Visit {
    method: Method,
    uri: Uri,
    permission: Option<Permission>,
    address: Option<IpAddr>,
    user_agent: Option<HeaderValue>,
    /// Whether somebody logs in, which is recorded whatever the method.
    is_login: bool,
}

impl Recorder {
    pub(crate) fn new(trail: Arc<Trail>) -> Self {
        Self { trail, refusals: Arc::default(), of_nobody: Arc::default() }
    }

    /// Records a request that was answered with this status, if it is one to record.
    pub(crate) async fn record(
        &self,
        visit: Visit,
        principal: Option<&Principal>,
        note: &Note,
        status: StatusCode,
    ) {
        // Whoever is not known has changed nothing.
        let is_refusal = principal.is_none() || status == StatusCode::FORBIDDEN;
        if is_refusal {
            if ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) {
                return;
            }
            let who = match (principal, visit.address) {
                (Some(principal), _) => format!("{} {:?}", principal.name, principal.id),
                (None, Some(address)) => network_of(address),
                (None, None) => "an unknown address".to_owned(),
            };
            let refusals = if principal.is_some() { &self.refusals } else { &self.of_nobody };
            let is_too_many = refusals.add(&who) > MOST_REFUSALS;
            // However many addresses they have.
            if is_too_many || principal.is_none() && refusals.add(NOBODY) > MOST_OF_NOBODY {
                return;
            }
        } else if !visit.changes(note) {
            return;
        }
        let (reason, on_behalf_of) = note.0.get().cloned().unwrap_or_default();
        let user_agent = visit.user_agent.as_ref().and_then(|value| value.to_str().ok());
        let request = AccessRequest {
            request_id: request_id::current(),
            principal: principal.cloned(),
            on_behalf_of,
            permission: note
                .1
                .get()
                .copied()
                .or(visit.permission)
                .map_or_else(String::new, |name| name.to_string()),
            method: visit.method.as_str().to_owned(),
            path: visit.uri.path().to_owned(),
            outcome: match status {
                _ if is_refusal => AccessOutcome::Denied,
                _ if status.is_success() || status.is_redirection() => AccessOutcome::Ok,
                _ => AccessOutcome::Failed,
            },
            status: status.as_u16(),
            reason,
            address: visit.address,
            user_agent: user_agent.map(str::to_owned),
        };
        // What the request did stands: its response must not say that it failed.
        if let Err(error) = self.trail.record(&request).await {
            tracing::error!(%error, ?request, "a request could not be recorded in the trail");
        }
    }
}

impl Visit {
    /// Notes what a request for this permission is.
    pub(crate) fn of(request: &Request, permission: Option<Permission>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            permission,
            address: request.extensions().get::<Peer>().map(|peer| peer.0),
            user_agent: request.headers().get(USER_AGENT).cloned(),
            is_login: false,
        }
    }

    /// Notes a request with which somebody logs in. No route checks it.
    pub(crate) fn of_login(head: &Parts) -> Self {
        Self {
            method: head.method.clone(),
            uri: head.uri.clone(),
            permission: None,
            address: head.extensions.get::<Peer>().map(|peer| peer.0),
            user_agent: head.headers.get(USER_AGENT).cloned(),
            is_login: true,
        }
    }

    /// The program that sent it, as it says.
    pub(crate) fn program(&self) -> Option<String> {
        Some(self.user_agent.as_ref()?.to_str().ok()?.to_owned())
    }

    /// Whether it changes something that has no record of its own, as creations and events have. The last two change nothing, and
    /// what may only list tasks is a preview.
    fn changes(&self, note: &Note) -> bool {
        if self.is_login {
            return true;
        }
        let is_preview = self.permission == Some(Permission::TasksList) && note.1.get().is_none();
        !self.method.is_safe()
            && !is_preview
            && !matches!(
                self.permission,
                Some(
                    Permission::TasksCreate
                        | Permission::EventsSend
                        | Permission::TemplatesValidate
                        | Permission::TriggersRead
                )
            )
    }

    /// The address that the request came from.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }
}

/// Filters of the trail.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// Only requests of principals with this name.
    principal: Option<String>,
    /// Only requests that need this permission.
    permission: Option<String>,
    /// Only requests that ended so: `ok`, `denied`, `failed`.
    #[param(inline)]
    outcome: Option<AccessOutcome>,
    /// Only requests at this time or later: RFC 3339, or how long ago (`15m`, `2h`, `7d`).
    #[param(value_type = Option<String>)]
    after: Option<Moment>,
    /// Only requests before this time.
    #[param(value_type = Option<String>)]
    before: Option<Moment>,
}

/// Lists the requests that changed something or were refused, newest first. Creations of tasks and received events are not
/// among them: tasks name their initiators.
#[utoipa::path(get, path = "/v1/audit", tag = "keys", operation_id = "list_access", params(Filters, PageParameters), responses(
    (status = 200, body = Page<Access>)))]
pub(crate) async fn list(
    State(orchestrator): State<Orchestrator>,
    list: List<Filters>,
) -> Result<Page<Access>, ApiError> {
    let Filters { principal, permission, outcome, after, before } = &list.filters;
    let permission = permission.as_deref().map(|name| {
        let unknown = || ApiError::new(Code::InvalidRequest, format!("there is no permission `{name}`"));
        Permission::from_name(name).ok_or_else(unknown)
    });
    let filter = AccessFilter {
        principal: principal.clone(),
        permission: permission.transpose()?,
        outcome: *outcome,
        after: after.map(|moment| moment.0),
        before: before.map(|moment| moment.0),
    };
    let records = orchestrator.trail.list(&filter, list.slice()?).await?;
    Ok(list.page(records, |record| record.access_id))
}
