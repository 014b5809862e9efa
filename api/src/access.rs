//! Who calls, and what they may see: authenticates each request, and checks the permission of its route.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{FromRequestParts, Request},
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, SET_COOKIE},
        request::Parts,
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tasker_orchestrator::{
    Engine, Error, Orchestrator,
    access::{Caller, Keys, Permission, Principal, Repeatable, Scope, Sessions},
};
use tasker_telemetry::metrics;
use tokio::sync::{Semaphore, SemaphorePermit};
use utoipa::openapi::{extensions::ExtensionsBuilder, security::SecurityRequirement};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use uuid::Uuid;

use crate::{
    bodies::{Share, announced},
    gateway::{Gateway, GatewayClaims},
    pace::Pace,
    per_minute::{PerMinute, network_of},
    problem::{ApiError, Code},
    repetition::once,
    request_id,
    site::{Purpose, Site},
    tokens::Tokens,
    trail::{Note, Recorder, Visit},
};

/// How callers are authenticated.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Not at all: everybody may do everything. For loopback.
    Off,
    /// By API keys and sessions, and by tokens of an identity provider.
    Own(Option<Arc<Tokens>>),
    /// By the gateway in front of the API, which lets nobody else through.
    Gateway(Arc<Gateway>),
}

/// The extension in an operation of the OpenAPI document that names its permission.
const REQUIRED_PERMISSION: &str = "x-required-permission";
/// The name of the header with an API key, and of its scheme in the document.
pub(crate) const API_KEY: &str = "x-api-key";
/// The names of the other schemes in the document.
pub(crate) const BEARER: &str = "bearer";
pub(crate) const SESSION: &str = "session";

/// The beginning of API keys.
const KEY_PREFIX: &str = "tsk_";

/// How many wrong credentials an address may send in a minute. Further wrong ones get 429.
const MOST_REFUSED: u32 = 20;

/// How often the credentials of a response without an end are checked.
const CHECKED_AGAIN: Duration = Duration::from_secs(2);

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

/// What the routes authenticate with, in the extensions of each request.
#[derive(Clone)]
pub(crate) struct Guardian {
    mode: Mode,
    keys: Arc<Keys>,
    sessions: Arc<Sessions>,
    site: Arc<Site>,
    /// The refused credentials of each address.
    refused: Arc<PerMinute>,
    /// The requests of each principal.
    pace: Arc<Pace>,
    /// What says whether a task may be created now.
    engine: Arc<Engine>,
    recorder: Recorder,
    repeatable: Arc<Repeatable>,
}

/// Who callers are.
#[derive(Clone)]
enum Mode {
    /// Everybody is this one.
    Off(Arc<Caller>),
    /// Whom their credentials name. Tokens are accepted if there is what verifies them.
    Own(Option<Arc<Tokens>>),
    /// Whom the gateway names.
    Gateway(Arc<Gateway>),
}

/// What a request says about who sends it.
#[derive(Clone, Copy)]
pub(crate) struct Evidence<'a> {
    headers: &'a HeaderMap,
    claims: Option<&'a GatewayClaims>,
    /// Whether the cookie of a session counts.
    cookies: bool,
    /// Whether it was sent now. Otherwise it is of a response that goes on, which is no use of a session.
    is_new: bool,
}

impl<'a> Evidence<'a> {
    fn of(request: &'a Request) -> Self {
        Self { headers: request.headers(), claims: request.extensions().get(), cookies: true, is_new: true }
    }

    /// That of a program, for which a browser's cookie does not count: no page sends such requests.
    pub(crate) fn of_program(request: &'a Request) -> Self {
        Self { cookies: false, ..Self::of(request) }
    }
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
/// The maximum number of them that may create tasks. The rest is for operators.
static CREATING: Semaphore = Semaphore::const_new(768);

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
            let response = match within.and_then(|within| guardian.at_its_pace(&caller).map(|()| within)) {
                Ok(within) => {
                    request.extensions_mut().insert(within);
                    once(&guardian.repeatable, &caller, permission, request, next).await
                }
                Err(refused) => refused.into_response(),
            };
            (Some(caller), response)
        }
    };
    let principal = caller.as_ref().map(|caller| &caller.principal);
    guardian.recorder.record(visit, principal, &note, response.status()).await;
    response
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

impl Guardian {
    /// `per_second` limits the requests of each principal; 0: no limit.
    pub(crate) fn new(
        orchestrator: &Orchestrator,
        authentication: Authentication,
        site: Site,
        per_second: u32,
    ) -> Self {
        let mode = match authentication {
            Authentication::Off => Mode::Off(Arc::new(Caller::local())),
            Authentication::Own(tokens) => Mode::Own(tokens),
            Authentication::Gateway(gateway) => Mode::Gateway(gateway),
        };
        Self {
            mode,
            keys: Arc::clone(&orchestrator.keys),
            sessions: Arc::clone(&orchestrator.sessions),
            site: Arc::new(site),
            refused: Arc::default(),
            pace: Arc::new(Pace::new(per_second)),
            engine: Arc::clone(&orchestrator.engine),
            recorder: Recorder::new(Arc::clone(&orchestrator.trail)),
            repeatable: Arc::clone(&orchestrator.repeatable),
        }
    }

    /// What browsers know this server by.
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// Counts a request of a caller.
    fn at_its_pace(&self, caller: &Caller) -> Result<(), ApiError> {
        if !self.pace.is_limited() {
            return Ok(());
        }
        let Principal { kind, name, id } = &caller.principal;
        if self.pace.take(&format!("{} {}", kind.as_str(), id.as_ref().unwrap_or(name))) {
            return Ok(());
        }
        let message =
            "you send more requests in a second than `server.requests_per_second` allows: send fewer";
        Err(ApiError::new(Code::TooManyRequests, message.to_owned()).again_in(1))
    }

    /// Records a request that no route checked.
    pub(crate) async fn record(&self, visit: Visit, principal: Option<&Principal>, status: StatusCode) {
        self.recorder.record(visit, principal, &Note::default(), status).await;
    }

    /// Takes a place for a request that creates tasks, before its body is read.
    fn place_to_create(
        &self,
        request: &Request,
        creates: bool,
    ) -> Result<Option<SemaphorePermit<'static>>, ApiError> {
        if !creates {
            return Ok(None);
        }
        self.engine.check_creation(announced(request.headers()))?;
        CREATING.try_acquire().map(Some).map_err(|_| {
            if let Some(metrics) = metrics() {
                metrics.overloaded.add(1, ["creations".into()]);
            }
            Error::Overloaded.into()
        })
    }

    /// Why tokens cannot be verified at present, if they cannot.
    pub(crate) fn fault_of_tokens(&self) -> Option<String> {
        let Mode::Own(Some(tokens)) = &self.mode else { return None };
        tokens.fault()
    }

    /// How callers are authenticated.
    pub(crate) fn mode(&self) -> &'static str {
        match self.mode {
            Mode::Off(_) => "off",
            Mode::Own(_) => "own",
            Mode::Gateway(_) => "gateway",
        }
    }

    /// Whether callers log in here.
    pub(crate) fn has_logins(&self) -> bool {
        matches!(self.mode, Mode::Own(_))
    }

    /// Returns the caller of an API key that somebody logs in with. Wrong ones count as elsewhere.
    pub(crate) async fn caller_of_key(
        &self,
        key: &str,
        address: Option<IpAddr>,
    ) -> Result<Arc<Caller>, ApiError> {
        let caller = self.by_key(key).await;
        caller.map_err(|error| self.count(error, address))
    }

    /// Returns the caller. Too many wrong credentials of an address get 429. Valid ones pass all the same, because many callers
    /// may share an address.
    pub(crate) async fn caller_from(
        &self,
        evidence: Evidence<'_>,
        address: Option<IpAddr>,
    ) -> Result<Arc<Caller>, ApiError> {
        self.caller(evidence).await.map_err(|error| self.count(error, address))
    }

    /// Counts wrong credentials of an address. Returns what to answer.
    pub(crate) fn count(&self, error: ApiError, address: Option<IpAddr>) -> ApiError {
        let Some(network) = address.filter(|_| error.has_credentials()).map(network_of) else {
            return error;
        };
        if self.refused.add(&network) <= MOST_REFUSED { error } else { too_many_refused() }
    }

    /// Checks that an address has not sent too many wrong credentials, before work that others do for us.
    pub(crate) fn check_refused(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        let count = address.map_or(0, |address| self.refused.count(&network_of(address)));
        if count < MOST_REFUSED { Ok(()) } else { Err(too_many_refused()) }
    }

    /// Returns when these credentials do not give the permission any more. For responses without an end.
    pub(crate) async fn refuses(self, headers: HeaderMap, permission: Permission) {
        if !matches!(self.mode, Mode::Own(_)) {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(CHECKED_AGAIN).await;
            let evidence = Evidence { headers: &headers, claims: None, cookies: true, is_new: false };
            match self.caller(evidence).await {
                Ok(caller) if caller.scope(permission).is_some() => {}
                // The database may be away for a while.
                Err(error) if !error.is_refusal() => {}
                _ => return,
            }
        }
    }

    pub(crate) async fn caller(&self, evidence: Evidence<'_>) -> Result<Arc<Caller>, ApiError> {
        let tokens = match &self.mode {
            Mode::Off(everybody) => return Ok(Arc::clone(everybody)),
            Mode::Gateway(gateway) => return gateway.caller(evidence.claims).map(Arc::new),
            Mode::Own(tokens) => tokens,
        };
        match (self.credential_in(evidence), tokens) {
            (None, _) => {
                let message = "send an API key, as `X-API-Key: tsk_…` or `Authorization: Bearer tsk_…`; `tasker key create` makes one";
                Err(ApiError::new(Code::Unauthenticated, message.to_owned()))
            }
            (Some(Credential::Cookie(text)), _) => self.by_session(text, evidence.is_new).await,
            (Some(Credential::Bearer(text)), _) if Sessions::is_text(text) => {
                self.by_session(text, evidence.is_new).await
            }
            (Some(Credential::Bearer(token)), Some(tokens)) if !token.starts_with(KEY_PREFIX) => {
                tokens.caller(token).await
            }
            (Some(Credential::Bearer(key) | Credential::Key(key)), _) => self.by_key(key).await,
        }
    }

    async fn by_key(&self, key: &str) -> Result<Arc<Caller>, ApiError> {
        let unknown = || ApiError::refused_credentials("the API key is unknown, revoked or expired");
        self.keys.verify(key).await?.ok_or_else(unknown)
    }

    async fn by_session(&self, text: &str, is_new: bool) -> Result<Arc<Caller>, ApiError> {
        let caller =
            if is_new { self.sessions.verify(text).await? } else { self.sessions.verify_again(text).await? };
        if let Some(caller) = caller {
            return Ok(caller);
        }
        let message = "the session has ended: log in again";
        // Browsers send sessions that have ended, and nobody guesses 256 bits: that does not count.
        if Sessions::is_whole(text) {
            return Err(ApiError::new(Code::Unauthenticated, message.to_owned()));
        }
        Err(ApiError::refused_credentials(message))
    }

    /// The text of the session in which a request is sent, if it is.
    pub(crate) fn session_of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        match self.credential_in(Evidence { headers, claims: None, cookies: true, is_new: true }) {
            Some(Credential::Cookie(text)) => Some(text),
            Some(Credential::Bearer(text)) if Sessions::is_text(text) => Some(text),
            _ => None,
        }
    }

    /// What a request authenticates with. What a program sends comes before what a browser adds.
    fn credential_in<'a>(&self, evidence: Evidence<'a>) -> Option<Credential<'a>> {
        let sent = credential_in(evidence.headers);
        let by_cookie = || evidence.cookies.then(|| self.site.session(evidence.headers)).flatten();
        if sent.is_some() || !self.has_logins() { sent } else { by_cookie().map(Credential::Cookie) }
    }
}

fn too_many_refused() -> ApiError {
    let message = format!(
        "{MOST_REFUSED} requests of this address had wrong credentials within a minute: wait for the next one"
    );
    ApiError::new(Code::TooManyRequests, message)
}

/// What a request says about who sent it.
enum Credential<'a> {
    /// An API key.
    Key(&'a str),
    /// An API key, a token or a session.
    Bearer(&'a str),
    /// A session of a browser.
    Cookie(&'a str),
}

fn credential_in(headers: &HeaderMap) -> Option<Credential<'_>> {
    if let Some(value) = headers.get(API_KEY) {
        return value.to_str().ok().map(Credential::Key);
    }
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Credential::Bearer(token.trim()))
}
