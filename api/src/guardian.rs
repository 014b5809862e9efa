//! Who calls: reads the credentials of requests, and checks them.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
};
use tasker_orchestrator::{
    Engine, Error, Orchestrator,
    access::{Caller, Keys, Permission, Principal, Repeatable, Sessions},
};
use tasker_telemetry::metrics;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    bodies::announced,
    gateway::{Gateway, GatewayClaims},
    pace::{Pace, Taken},
    per_minute::{PerMinute, network_of},
    problem::{ApiError, Code},
    site::Site,
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

/// The name of the header with an API key, and of its scheme in the document.
pub(crate) const API_KEY: &str = "x-api-key";

/// The beginning of API keys.
const KEY_PREFIX: &str = "tsk_";

/// How many wrong credentials an address may send in a minute. Further wrong ones get 429.
const MOST_REFUSED: u32 = 20;

/// How often the credentials of a response without an end are checked.
const CHECKED_AGAIN: Duration = Duration::from_secs(2);

/// The maximum number of requests at once that may create tasks. The rest of those that change something is for operators.
static CREATING: Semaphore = Semaphore::const_new(768);

/// What the routes authenticate with, in the extensions of each request.
#[derive(Clone)]
pub(crate) struct Guardian {
    mode: Mode,
    keys: Arc<Keys>,
    sessions: Arc<Sessions>,
    pub(crate) site: Arc<Site>,
    /// The refused credentials of each address.
    refused: Arc<PerMinute>,
    /// The requests of each principal.
    pub(crate) pace: Arc<Pace>,
    /// What says whether a task may be created now.
    engine: Arc<Engine>,
    pub(crate) recorder: Recorder,
    pub(crate) repeatable: Arc<Repeatable>,
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
    pub(crate) fn of(request: &'a Request) -> Self {
        Self { headers: request.headers(), claims: request.extensions().get(), cookies: true, is_new: true }
    }

    /// That of a program, for which a browser's cookie does not count: no page sends such requests.
    pub(crate) fn of_program(request: &'a Request) -> Self {
        Self { cookies: false, ..Self::of(request) }
    }
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

    /// Counts a request of a caller. None: any number is allowed.
    pub(crate) fn count_request(&self, caller: &Caller) -> Option<Taken> {
        let Principal { kind, name, id } = &caller.principal;
        let is_limited = self.pace.is_limited();
        is_limited.then(|| self.pace.take(&format!("{} {}", kind.as_str(), id.as_ref().unwrap_or(name))))
    }

    /// Records a request that no route checked.
    pub(crate) async fn record(&self, visit: Visit, principal: Option<&Principal>, status: StatusCode) {
        self.recorder.record(visit, principal, &Note::default(), status).await;
    }

    /// Takes a place for a request that creates tasks, before its body is read.
    pub(crate) fn place_to_create(
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
    pub(crate) fn credential_in<'a>(&self, evidence: Evidence<'a>) -> Option<Credential<'a>> {
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
pub(crate) enum Credential<'a> {
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
