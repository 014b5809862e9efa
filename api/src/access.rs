//! What callers may see: lets each request through to its route if the caller has the route's permission.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{FromRequestParts, Request},
    http::{HeaderName, HeaderValue, header::SET_COOKIE, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tasker_orchestrator::{
    Error, Orchestrator,
    access::{Caller, Permission, Scope},
};
use tasker_telemetry::metrics;
use tokio::sync::Semaphore;
use utoipa::openapi::{extensions::ExtensionsBuilder, security::SecurityRequirement};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use uuid::Uuid;

use crate::{
    bodies::Share,
    guardian::{API_KEY, Credential, Evidence, Guardian},
    pace::Taken,
    problem::{ApiError, Code},
    repetition::once,
    request_id,
    site::Purpose,
    trail::{Note, Visit},
};

/// The extension in an operation of the OpenAPI document that names its permission.
const REQUIRED_PERMISSION: &str = "x-required-permission";
/// The names of the other schemes in the document.
pub(crate) const BEARER: &str = "bearer";
pub(crate) const SESSION: &str = "session";

/// What a caller may see of the resources of a route. In the extensions of a request that was authorized.
#[derive(Debug, Clone)]
pub(crate) struct Within {
    pub(crate) caller: Arc<Caller>,
    /// The namespaces in which the caller has the route's permission.
    pub(crate) scope: Scope,
    /// Those in which it may read documents.
    documents: Option<Scope>,
    note: Note,
}

impl<S: Send + Sync> FromRequestParts<S> for Within {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let missing = || ApiError::new(Code::Internal, "the route checks no permission".to_owned());
        parts.extensions.get().cloned().ok_or_else(missing)
    }
}

impl Within {
    /// Whether the caller may read the documents of a namespace.
    pub(crate) fn may_read_documents(&self, namespace: &str) -> bool {
        self.documents.as_ref().is_some_and(|scope| scope.contains(namespace))
    }

    /// Whether the caller may read the documents of all namespaces.
    pub(crate) fn may_read_all_documents(&self) -> bool {
        self.documents == Some(Scope::All)
    }

    /// Notes why the request was sent, and for whom, for the record of it.
    pub(crate) fn note(&self, reason: Option<&str>, on_behalf_of: Option<&str>) {
        self.note.add(reason, on_behalf_of);
    }

    /// Notes by which permission the request acts, if the route alone does not say, for the record of it.
    pub(crate) fn acts_by(&self, permission: Permission) {
        self.note.acts_by(permission);
    }

    /// Checks a second permission, on what belongs to no namespace.
    pub(crate) fn must(&self, permission: Permission) -> Result<(), ApiError> {
        self.caller.scope(permission).map(drop).ok_or_else(|| Error::Forbidden { permission }.into())
    }

    /// Checks that the caller may read the documents of all namespaces.
    pub(crate) fn must_read_all_documents(&self) -> Result<(), ApiError> {
        if self.may_read_all_documents() {
            return Ok(());
        }
        Err(Error::Forbidden { permission: Permission::TasksContextRead }.into())
    }

    /// Checks that a task is in the scope, and returns whether its documents may be read.
    pub(crate) async fn check_task(&self, orchestrator: &Orchestrator, task: Uuid) -> Result<bool, ApiError> {
        if self.scope == Scope::All && self.may_read_all_documents() {
            return Ok(true);
        }
        let namespace = orchestrator.reader.namespace_of(task, &self.scope).await?;
        Ok(self.may_read_documents(&namespace))
    }
}

/// Declares routes with the permission that they need.
pub(crate) trait Authorized {
    fn authorized(self, routes: UtoipaMethodRouter<Orchestrator>, permission: Permission) -> Self;

    /// Routes for every authenticated caller.
    fn for_any_caller(self, routes: UtoipaMethodRouter<Orchestrator>) -> Self;
}

impl Authorized for OpenApiRouter<Orchestrator> {
    fn authorized(self, routes: UtoipaMethodRouter<Orchestrator>, permission: Permission) -> Self {
        self.routes(guarded(routes, Some(permission)))
    }

    fn for_any_caller(self, routes: UtoipaMethodRouter<Orchestrator>) -> Self {
        self.routes(guarded(routes, None))
    }
}

/// Adds the check of each request, and describes it in the document.
fn guarded(
    (schemas, mut paths, routes): UtoipaMethodRouter<Orchestrator>,
    permission: Option<Permission>,
) -> UtoipaMethodRouter<Orchestrator> {
    for item in paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            let schemes = [API_KEY, BEARER, SESSION].map(|scheme| SecurityRequirement::new(scheme, [""; 0]));
            operation.security = Some(schemes.to_vec());
            if let Some(permission) = permission {
                let named = ExtensionsBuilder::new().add(REQUIRED_PERMISSION, permission.as_str()).build();
                operation.extensions.get_or_insert_default().merge(named);
            }
        }
    }
    let check = move |request: Request, next: Next| answer(request, permission, next);
    (schemas, paths, routes.route_layer(middleware::from_fn(check)))
}

/// Lets through only those with valid credentials; what they may do is checked elsewhere.
pub(crate) async fn authenticate(
    Extension(guardian): Extension<Guardian>,
    request: Request,
    next: Next,
) -> Response {
    let visit = Visit::of(&request, None);
    match guardian.caller_from(Evidence::of_program(&request), visit.address()).await {
        Ok(_) => next.run(request).await,
        Err(refused) => {
            let response = refused.into_response();
            guardian.recorder.record(visit, None, &Note::default(), response.status()).await;
            response
        }
    }
}

/// The maximum number of requests at once that may change something.
static UNDER_WAY: Semaphore = Semaphore::const_new(1024);

/// Authenticates a request, checks its caller's permission, lets the route answer, and records what is to be recorded.
async fn answer(request: Request, permission: Option<Permission>, next: Next) -> Response {
    let Some(guardian) = request.extensions().get::<Guardian>().cloned() else {
        let message = "the router has no authentication";
        return ApiError::new(Code::Internal, message.to_owned()).into_response();
    };
    let creates = matches!(permission, Some(Permission::TasksCreate | Permission::EventsSend));
    let creating = match guardian.place_to_create(&request, creates) {
        Ok(place) => place,
        Err(refused) => return refused.into_response(),
    };
    let is_safe = request.method().is_safe();
    let share = request.extensions().get::<Arc<Share>>().cloned();
    let answered = answer_as(guardian, request, permission, next);
    if is_safe {
        return answered.await;
    }
    // A client that goes away frees its place in the connection, but not this one.
    let place = UNDER_WAY.acquire().await.ok();
    let answered = async move {
        let _held = (place, creating, share);
        answered.await
    };
    // What it changes must be recorded, and kept for its repetition.
    request_id::to_the_end(answered).await.unwrap_or_else(|error| {
        ApiError::new(Code::Internal, format!("the request failed: {error}")).into_response()
    })
}

async fn answer_as(
    guardian: Guardian,
    mut request: Request,
    permission: Option<Permission>,
    next: Next,
) -> Response {
    let (visit, note) = (Visit::of(&request, permission), Note::default());
    let has_session = matches!(guardian.credential_in(Evidence::of(&request)), Some(Credential::Cookie(_)));
    let checked = if has_session && !request.method().is_safe() {
        guardian.site.check_page(request.headers(), request.uri())
    } else {
        Ok(())
    };
    let caller = match checked {
        Ok(()) => guardian.caller(Evidence::of(&request)).await,
        Err(refused) => Err(refused),
    };
    count_attempt(&caller);
    let (caller, response) = match caller {
        Err(refused) => {
            let has_ended = has_session && refused.is_refusal();
            // A browser forgets what is not valid even if its address sent too much of it.
            let mut response = guardian.count(refused, visit.address()).into_response();
            if has_ended && let Ok(cookies) = guardian.site.cookies() {
                response.headers_mut().append(SET_COOKIE, cookies.clear(Purpose::Session));
            }
            (None, response)
        }
        Ok(caller) => {
            let within = within(Arc::clone(&caller), permission, note.clone());
            let taken = guardian.count_request(&caller);
            let mut response = match within.and_then(|within| check_pace(taken).map(|()| within)) {
                Ok(within) => {
                    request.extensions_mut().insert(within);
                    once(&guardian.repeatable, &caller, permission, request, next).await
                }
                Err(refused) => refused.into_response(),
            };
            for (name, value) in
                taken.and_then(|taken| guardian.pace.headers(taken.left)).into_iter().flatten()
            {
                response
                    .headers_mut()
                    .extend(HeaderValue::try_from(value).map(|value| (HeaderName::from_static(name), value)));
            }
            (Some(caller), response)
        }
    };
    let principal = caller.as_ref().map(|caller| &caller.principal);
    guardian.recorder.record(visit, principal, &note, response.status()).await;
    response
}

/// Refuses a request beyond its caller's pace.
fn check_pace(taken: Option<Taken>) -> Result<(), ApiError> {
    if taken.is_none_or(|taken| taken.may_go_on) {
        return Ok(());
    }
    let message = "you send more requests in a second than `server.requests_per_second` allows: send fewer";
    Err(ApiError::new(Code::TooManyRequests, message.to_owned()).again_in(1))
}

/// Measures who is let in.
fn count_attempt(caller: &Result<Arc<Caller>, ApiError>) {
    let Some(metrics) = metrics() else { return };
    let outcome = match caller {
        Ok(_) => "accepted",
        Err(error) if error.is_outage() => "failed",
        Err(_) => "refused",
    };
    metrics.auth_attempts.add(1, [outcome.into()]);
}

/// Checks a caller's permission, and returns what it may see with it.
fn within(caller: Arc<Caller>, permission: Option<Permission>, note: Note) -> Result<Within, ApiError> {
    let scope = match permission {
        Some(permission) => caller.scope(permission).cloned().ok_or_else(|| {
            if let Some(metrics) = metrics() {
                metrics.auth_denied.add(1, [permission.as_str().into()]);
            }
            Error::Forbidden { permission }
        })?,
        None => Scope::All,
    };
    let documents = caller.scope(Permission::TasksContextRead).cloned();
    Ok(Within { caller, scope, documents, note })
}
