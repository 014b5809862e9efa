//! Logins at an OpenID provider: sends browsers there, and begins a session when they come back.
//!
//! What a login under way must remember is in a sealed cookie, so that any server may finish it. `tasker login` does not get the
//! session through the browser, but a code for it, which is of no use to others, and only if its user agrees.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc, time::SystemTime};

use axum::{
    Extension, Json, Router,
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode, Uri,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
        },
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tasker_identity::{Answer, Identity, LoginRefusal, Provider, Secrets};
use tasker_orchestrator::{
    Orchestrator,
    access::{Caller, GrantError, NewSession, Principal, PrincipalKind, Session},
};
use tokio::sync::OnceCell;

use crate::{
    extract::{Body, Query},
    guardian::Guardian,
    problem::{ApiError, Code},
    roles::Roles,
    seal::Seal,
    sessions::{Head, check_logins},
    site::Purpose,
    trail::Visit,
};

/// Where logins begin, below the public URL.
pub(crate) const BEGIN: &str = "/auth/login";
/// Where the provider sends browsers back.
pub const CALLBACK: &str = "/auth/callback";
/// Where a program fetches its session.
const FETCH: &str = "/auth/session";
/// Where a browser goes after its login, by default.
const CONSOLE: &str = "/console/";
/// What says in the query that a browser was sent to the public URL: only once, because a proxy may name another host to us.
const SENT_HERE: &str = "sent_here=1";
/// For how long a login may take, in seconds.
const LONGEST: u32 = 600;
/// The maximum length of a path to return to.
const LONGEST_PATH: usize = 1000;
/// What the cookie is sealed for, and the name of the secret in the database.
const SEALED_FOR: &str = "login";

/// Logins at an OpenID provider.
#[derive(Debug)]
pub struct Login {
    provider: Provider,
    roles: Roles,
    secret: Option<String>,
}

impl Login {
    /// Logins at this provider, whose `redirect_uri` is [`CALLBACK`] below the public URL. `roles` and `is_strict` are as for
    /// [`crate::Tokens`]. `secret` seals what browsers keep during a login; without one, the servers of a database share a
    /// random one.
    ///
    /// # Errors
    /// A role grants what does not exist.
    pub fn new(
        provider: Provider,
        roles: BTreeMap<String, Vec<String>>,
        is_strict: bool,
        secret: Option<String>,
    ) -> Result<Self, GrantError> {
        Ok(Self { provider, roles: Roles::new(roles, is_strict)?, secret })
    }

    fn caller_of(&self, identity: Identity) -> Option<Caller> {
        let Identity { subject, display, permissions, roles, namespaces, .. } = identity;
        let unknown = |error: &GrantError| tracing::warn!(%error, "a login grants what does not exist");
        let grant = self.roles.grant(roles, permissions, namespaces.as_deref(), unknown).ok()?;
        let principal = Principal { kind: PrincipalKind::User, name: display, id: Some(subject) };
        Some(Caller { principal, grant, expires_at: None })
    }
}

/// The logins of a server, in the extensions of each request.
#[derive(Clone)]
pub(crate) struct Logins {
    login: Option<Arc<Login>>,
    seal: Arc<OnceCell<Seal>>,
}

impl Logins {
    pub(crate) fn new(login: Option<Arc<Login>>) -> Self {
        Self { login, seal: Arc::default() }
    }

    /// Whether users log in at a provider.
    pub(crate) fn has_provider(&self) -> bool {
        self.login.is_some()
    }

    fn login(&self) -> Result<&Login, ApiError> {
        self.login.as_deref().ok_or_else(|| {
            let message = "nobody logs in here by an identity provider: log in with an API key, or set `auth.oidc_issuer`";
            ApiError::new(Code::NotPossible, message.to_owned())
        })
    }

    async fn seal(&self, orchestrator: &Orchestrator, login: &Login) -> Result<&Seal, ApiError> {
        let seal = async || match &login.secret {
            Some(secret) => Ok(Seal::new(secret.as_bytes())),
            None => orchestrator.server_secret(SEALED_FOR).await.map(|secret| Seal::new(&secret)),
        };
        Ok(self.seal.get_or_try_init(seal).await?)
    }
}

/// The routes of logins. They are for browsers and for `tasker login`, and not in the document.
pub(crate) fn routes() -> Router<Orchestrator> {
    Router::new().route(BEGIN, get(begin)).route(CALLBACK, get(finish)).route(FETCH, post(fetch))
}

/// What a login begins with.
#[derive(Debug, Deserialize)]
struct Beginning {
    /// The path to go to afterwards.
    return_to: Option<String>,
    /// The port on which a program of the browser's machine waits for a code.
    cli: Option<u16>,
    /// SHA-256 of what that program knows, as Base64 for URLs.
    challenge: Option<String>,
}

/// A login under way.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    secrets: Secrets,
    after: After,
    until: DateTime<Utc>,
}

/// What follows a login.
#[derive(Serialize, Deserialize)]
enum After {
    Page(Option<String>),
    Program { port: u16, challenge: [u8; 32] },
}

impl After {
    fn of(beginning: Beginning) -> Result<Self, ApiError> {
        let refuse = |message: &str| Err(ApiError::new(Code::InvalidRequest, message.to_owned()));
        match beginning {
            Beginning { cli: None, challenge: None, return_to } => match return_to {
                Some(path) if !is_own_path(&path) => {
                    refuse("`return_to` must be a path of this server, such as `/console/`")
                }
                path => Ok(Self::Page(path)),
            },
            Beginning { cli: Some(port), challenge: Some(challenge), return_to: None } if port > 0 => {
                let digest = URL_SAFE_NO_PAD.decode(challenge).ok().and_then(|digest| digest.try_into().ok());
                match digest {
                    Some(challenge) => Ok(Self::Program { port, challenge }),
                    None => refuse("`challenge` must be a SHA-256 in Base64 for URLs, without padding"),
                }
            }
            _ => refuse("`cli` and `challenge` belong together, and exclude `return_to`"),
        }
    }
}

/// A path of this server. Browsers take `//` and `/\` for the beginning of another host.
fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && !path[1..].starts_with(['/', '\\'])
        && path.len() <= LONGEST_PATH
        && path.bytes().all(|byte| byte.is_ascii_graphic())
}

async fn begin(
    State(orchestrator): State<Orchestrator>,
    Extension(guardian): Extension<Guardian>,
    Extension(logins): Extension<Logins>,
    Head(head): Head,
    Query(beginning): Query<Beginning>,
) -> Result<Response, ApiError> {
    check_logins(&guardian)?;
    let login = logins.login()?;
    let cookies = guardian.site().cookies()?;
    let after = After::of(beginning)?;
    if let Some(url) = at_public_url(&guardian, &head.headers, &head.uri) {
        let mut response = redirect(&url, []);
        *response.status_mut() = StatusCode::FOUND;
        return Ok(response);
    }
    let secrets = Secrets::random();
    let url =
        login.provider.login_url(&secrets, SystemTime::now()).await.map_err(|refusal| refused(&refusal))?;
    let until = Utc::now() + chrono::TimeDelta::seconds(i64::from(LONGEST));
    let under_way = serde_json::to_vec(&UnderWay { secrets, after, until }).unwrap_or_default();
    let sealed = logins.seal(&orchestrator, login).await?.close(SEALED_FOR, &under_way);
    let cookie = cookies.set(Purpose::Login, &sealed, Some(LONGEST));
    Ok(redirect(&url, [cookie]))
}

/// Where a browser must begin its login, if not here: the provider sends it back to the public URL, where it does not send a cookie
/// that it got under another name.
fn at_public_url(guardian: &Guardian, headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    if query.split('&').any(|parameter| parameter == SENT_HERE) {
        return None;
    }
    let url = guardian.site().elsewhere(headers, uri)?.to(BEGIN);
    Some(if query.is_empty() { format!("{url}?{SENT_HERE}") } else { format!("{url}?{query}&{SENT_HERE}") })
}

/// What the provider sends back with a browser. It may send more.
#[derive(Debug, Deserialize)]
struct Answered {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

async fn finish(
    State(orchestrator): State<Orchestrator>,
    Extension(guardian): Extension<Guardian>,
    Extension(logins): Extension<Logins>,
    Head(head): Head,
    Query(answered): Query<Answered>,
) -> Response {
    let visit = Visit::of_login(&head);
    let finished = async {
        check_logins(&guardian)?;
        let login = logins.login()?;
        let seal = logins.seal(&orchestrator, login).await?;
        // First, and not counted: every page can send browsers here that have begun no login.
        let under_way = under_way(&guardian, seal, &head.headers, &answered)?;
        guardian.check_refused(visit.address())?;
        let caller = caller(login, &under_way, &answered).await?;
        let principal = caller.principal.clone();
        let new =
            NewSession { caller: Arc::new(caller), address: visit.address(), user_agent: visit.program() };
        let response = enter(&orchestrator, &guardian, &new, under_way.after).await?;
        Ok((principal, response))
    };
    let (principal, mut response) = match finished.await {
        Ok((principal, response)) => (Some(principal), response),
        Err(error) => (None, guardian.count(error, visit.address()).into_response()),
    };
    // It serves one answer only.
    if let Ok(cookies) = guardian.site().cookies() {
        response.headers_mut().append(SET_COOKIE, cookies.clear(Purpose::Login));
    }
    guardian.record(visit, principal.as_ref(), response.status()).await;
    response
}

/// The login that this browser has begun, if the answer is to it. Its errors do not count as wrong credentials.
fn under_way(
    guardian: &Guardian,
    seal: &Seal,
    headers: &HeaderMap,
    answered: &Answered,
) -> Result<UnderWay, ApiError> {
    let sealed = guardian.site().cookies()?.value(Purpose::Login, headers);
    let opened = sealed.and_then(|sealed| seal.open(SEALED_FOR, sealed));
    let under_way: Option<UnderWay> = opened.and_then(|text| serde_json::from_slice(&text).ok());
    let under_way = under_way.filter(|under_way| under_way.until > Utc::now());
    let Some(under_way) = under_way else {
        let message = "this browser has begun no login in the last ten minutes: begin again";
        return Err(ApiError::new(Code::LoginRefused, message.to_owned()));
    };
    if answered.state.as_deref() != Some(under_way.secrets.state.as_str()) {
        let message = "the answer is not to the login that this browser began: begin again";
        return Err(ApiError::new(Code::LoginRefused, message.to_owned()));
    }
    Ok(under_way)
}

/// Whom the provider names.
async fn caller(login: &Login, under_way: &UnderWay, answered: &Answered) -> Result<Caller, ApiError> {
    if let Some(error) = &answered.error {
        tracing::warn!(?error, "the identity provider refused a login");
        return Err(ApiError::refused_login("the identity provider has refused the login"));
    }
    let Some(code) = answered.code.as_deref() else {
        return Err(ApiError::refused_login("the answer of the identity provider holds no code"));
    };
    let answer = Answer { code, issuer: answered.iss.as_deref() };
    let identity = login.provider.identity(&under_way.secrets, answer, SystemTime::now()).await;
    let caller = login.caller_of(identity.map_err(|refusal| refused(&refusal))?);
    caller.ok_or_else(|| {
        ApiError::refused_login("the identity provider grants what does not exist; the log says what")
    })
}

/// The user learns no reason, so that the log has it.
fn refused(refusal: &LoginRefusal) -> ApiError {
    tracing::warn!(reason = %refusal, "a login did not succeed");
    match refusal {
        LoginRefusal::Unavailable(_) => {
            let message = "the identity provider is unavailable; try again, or log in with an API key";
            ApiError::new(Code::AuthUnavailable, message.to_owned())
        }
        LoginRefusal::Refused(_) => ApiError::refused_login(
            "the answer of the identity provider was refused; the server's log says why",
        ),
    }
}

/// Begins the session, and sends the browser on.
async fn enter(
    orchestrator: &Orchestrator,
    guardian: &Guardian,
    new: &NewSession,
    after: After,
) -> Result<Response, ApiError> {
    match after {
        After::Page(path) => {
            let made = orchestrator.sessions.create(new).await?;
            let cookie = guardian.site().cookies()?.set(Purpose::Session, &made.secret, None);
            let console =
                || guardian.site().public_url.as_ref().map_or(CONSOLE.to_owned(), |url| url.to(CONSOLE));
            Ok(redirect(&path.unwrap_or_else(console), [cookie]))
        }
        After::Program { port, challenge } => {
            let code = orchestrator.sessions.create_for_program(new, &challenge).await?;
            let url = format!("http://{}:{port}/?code={}", Ipv4Addr::LOCALHOST, code.0);
            Ok(ask(&url, &new.caller.principal.name))
        }
    }
}

/// Sends a browser on. No other site learns of it, and nothing keeps it.
fn redirect<const COUNT: usize>(url: &str, cookies: [HeaderValue; COUNT]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(url) = HeaderValue::from_str(url) {
        headers.insert(LOCATION, url);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    response
}

/// Asks whether it was the user who began a login of a program. Otherwise whoever makes a browser open an address, and listens on
/// a port of its machine, would get a session without anybody's knowing.
fn ask(url: &str, name: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Tasker</title><h1>Log in a program?</h1>
<p>A program on this computer asks to act as <b>{}</b>.
<p>Did you just run <code>tasker login</code>? If not, close this page.
<p><a href=\"{url}\">Log in the program</a></html>",
        escaped(name)
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, page).into_response()
}

/// A text in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What a program fetches its session with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fetch {
    /// The code that came through the browser.
    code: String,
    /// The text of which the login's `challenge` is the SHA-256.
    verifier: String,
}

/// A fetched session.
#[derive(Serialize)]
struct Fetched {
    #[serde(flatten)]
    session: Session,
    /// To be sent as `Authorization: Bearer`.
    token: String,
}

async fn fetch(
    State(orchestrator): State<Orchestrator>,
    Extension(guardian): Extension<Guardian>,
    Head(head): Head,
    Body(Fetch { code, verifier }): Body<Fetch>,
) -> Response {
    let visit = Visit::of_login(&head);
    let fetched = async {
        guardian.check_refused(visit.address())?;
        guardian.site().check_origin(&head.headers, &head.uri)?;
        let made = orchestrator.sessions.fetch(&code, &verifier).await?;
        let made = made.ok_or_else(|| {
            guardian.count(
                ApiError::refused_login("the code is unknown, was used or is too old: log in again"),
                visit.address(),
            )
        })?;
        Ok::<_, ApiError>(Fetched { session: made.session, token: made.secret })
    };
    match fetched.await {
        Ok(fetched) => (StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(fetched)).into_response(),
        Err(error) => {
            let response = error.into_response();
            guardian.record(visit, None, response.status()).await;
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_returns_to_a_path_of_this_server_only() {
        for good in ["/", "/console/", "/ops/tasker/console/#/tasks?a=b"] {
            assert!(is_own_path(good), "{good}");
        }
        let long = format!("/{}", "x".repeat(LONGEST_PATH));
        for bad in [
            "",
            "console",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/\n/evil",
            "/é",
            &long,
        ] {
            assert!(!is_own_path(bad), "{bad}");
        }
    }

    #[test]
    fn a_name_is_no_html() {
        let page = ask("http://127.0.0.1:1/?code=a", "<script>\"&");
        assert!(page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().contains("frame-ancestors 'none'"));
        assert_eq!(escaped("<script>\"&"), "&lt;script&gt;&quot;&amp;");
    }

    #[test]
    fn a_program_names_its_port_and_what_it_knows() {
        let of = |cli: Option<u16>, challenge: Option<&str>, return_to: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            After::of(Beginning { cli, challenge: owned(challenge), return_to: owned(return_to) }).is_ok()
        };
        let challenge = URL_SAFE_NO_PAD.encode([7; 32]);
        assert!(of(Some(4711), Some(&challenge), None));
        assert!(
            !of(Some(4711), None, None)
                && !of(None, Some(&challenge), None)
                && !of(Some(0), Some(&challenge), None)
        );
        assert!(!of(Some(4711), Some("short"), None) && !of(Some(4711), Some(&challenge), Some("/")));
    }
}
