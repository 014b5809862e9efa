//! What browsers know this server by: its origin, and the cookie of a session.

use std::str::FromStr;

use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{COOKIE, HOST, ORIGIN},
};
use url::{Host, Url};

use crate::problem::{ApiError, Code};

/// The header that our own pages send with what changes something. Pages of other sites cannot.
const OURS: HeaderName = HeaderName::from_static("x-tasker-request");
/// Where a browser says that a request's page is of.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The URL that clients reach this server by, as behind a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Without a `/` at the end.
    base: String,
    origin: String,
    host: String,
    is_https: bool,
}

/// Why a text is no public URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the public URL of a server: {problem}")]
pub struct BadPublicUrl {
    text: String,
    problem: &'static str,
}

impl FromStr for PublicUrl {
    type Err = BadPublicUrl;

    fn from_str(text: &str) -> Result<Self, BadPublicUrl> {
        let bad = |problem| BadPublicUrl { text: text.to_owned(), problem };
        let url = Url::parse(text).map_err(|_| bad("write one such as https://tasker.example.com"))?;
        let (Some(host), true) = (url.host(), matches!(url.scheme(), "http" | "https")) else {
            return Err(bad("it must begin with https://, or on this machine with http://"));
        };
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(bad("it must hold no user, query or fragment"));
        }
        let is_https = url.scheme() == "https";
        if !is_https && !is_loopback(&host) {
            return Err(bad("without TLS, others read the cookies of sessions: it must begin with https://"));
        }
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            origin: url.origin().ascii_serialization(),
            host: host.to_string().trim_matches(['[', ']']).to_owned(),
            is_https,
        })
    }
}

impl PublicUrl {
    /// A path below it, which begins with `/`.
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Its host and port, without the port that its scheme implies.
    fn authority(&self) -> &str {
        self.origin.split_once("://").map_or(self.host.as_str(), |(_, authority)| authority)
    }

    /// Its host.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// What browsers know this server by.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) public_url: Option<PublicUrl>,
    cookies: Option<Cookies>,
}

/// The cookies of this server: one for a session, one for a login that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookies {
    /// Only over TLS. Browsers take names with `__Host-` from this very host only.
    Secure,
    /// For a server of this machine without TLS.
    Local,
}

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Session,
    Login,
}

impl Site {
    /// A server of which browsers know this URL. `without` says which cookies it has if there is no such URL.
    pub(crate) fn new(public_url: Option<PublicUrl>, without: Option<Cookies>) -> Self {
        let cookies = match &public_url {
            Some(url) if url.is_https => Some(Cookies::Secure),
            Some(_) => Some(Cookies::Local),
            None => without,
        };
        Self { public_url, cookies }
    }

    /// The public URL, if the request is for another name. Browsers keep cookies for each name apart.
    pub(crate) fn elsewhere(&self, headers: &HeaderMap, uri: &Uri) -> Option<&PublicUrl> {
        let named = named(headers, uri)?;
        self.public_url.as_ref().filter(|url| !url.authority().eq_ignore_ascii_case(named))
    }

    /// The cookies of this server.
    ///
    /// # Errors
    /// It is reached by other machines without TLS.
    pub(crate) fn cookies(&self) -> Result<Cookies, ApiError> {
        self.cookies.ok_or_else(|| {
            let message = "without TLS, others read the cookies of sessions: set `server.public_url` to the https:// URL of the \
                           proxy before this server, or send the API key with each request";
            ApiError::new(Code::NotPossible, message.to_owned())
        })
    }

    /// The session of a request, by its cookie.
    pub(crate) fn session<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        self.cookies?.value(Purpose::Session, headers)
    }

    /// Checks that a request comes from a page of this site, if it comes from a page.
    pub(crate) fn check_origin(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), ApiError> {
        let refuse = |what: &str, value: &HeaderValue| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let message = format!("the request comes from a page of another site: `{what}` is `{value}`");
            Err(ApiError::new(Code::OriginRefused, message))
        };
        if let Some(site) = headers.get(SEC_FETCH_SITE)
            && site != "same-origin"
        {
            return refuse("Sec-Fetch-Site", site);
        }
        match headers.get(ORIGIN) {
            Some(origin) if !self.is_own(origin, headers, uri) => refuse("Origin", origin),
            _ => Ok(()),
        }
    }

    /// Checks that a request which changes something in a session comes from a page of this site. A page of another site can
    /// send a cookie, but not our header.
    pub(crate) fn check_page(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), ApiError> {
        self.check_origin(headers, uri)?;
        if headers.get(OURS).is_some_and(|value| value == "1") {
            return Ok(());
        }
        let message = "a request with the cookie of a session changes something only with the header `X-Tasker-Request: 1`";
        Err(ApiError::new(Code::OriginRefused, message.to_owned()))
    }

    fn is_own(&self, origin: &HeaderValue, headers: &HeaderMap, uri: &Uri) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        if self.public_url.as_ref().is_some_and(|url| url.origin.eq_ignore_ascii_case(origin)) {
            return true;
        }
        let host = named(headers, uri);
        let named = origin.split_once("://").map(|(_, authority)| authority);
        named.is_some_and(|named| host.is_some_and(|host| host.eq_ignore_ascii_case(named)))
    }
}

/// The host and port that a request is for. With HTTP/2 they are in the URI.
fn named<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    uri.authority().map(axum::http::uri::Authority::as_str).or(host)
}

impl Cookies {
    fn name(self, purpose: Purpose) -> &'static str {
        match (self, purpose) {
            (Self::Secure, Purpose::Session) => SESSION_COOKIE,
            (Self::Secure, Purpose::Login) => "__Host-tasker-login",
            (Self::Local, Purpose::Session) => "tasker_session",
            (Self::Local, Purpose::Login) => "tasker_login",
        }
    }

    /// The value of a request's cookie. A name that is there twice counts as none: one of them is not ours.
    pub(crate) fn value(self, purpose: Purpose, headers: &HeaderMap) -> Option<&str> {
        let name = self.name(purpose);
        let cookies = headers.get_all(COOKIE).into_iter().filter_map(|header| header.to_str().ok());
        let mut values = cookies
            .flat_map(|header| header.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The header that sets a cookie until the browser ends, or for this many seconds.
    pub(crate) fn set(self, purpose: Purpose, value: &str, seconds: Option<u32>) -> HeaderValue {
        let age = seconds.map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
        let secure = if self == Self::Secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(purpose));
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The header that removes a cookie.
    pub(crate) fn clear(self, purpose: Purpose) -> HeaderValue {
        self.set(purpose, "", Some(0))
    }
}

/// The name of the cookie of a session over TLS.
pub(crate) const SESSION_COOKIE: &str = "__Host-tasker";

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&str, &str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_public_url_has_tls_except_on_this_machine() {
        for good in [
            "https://tasker.example",
            "https://a.example/ops/tasker/",
            "http://localhost:8080",
            "http://[::1]:1",
        ] {
            assert!(good.parse::<PublicUrl>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "tasker.example",
            "http://tasker.example",
            "ftp://a",
            "https://u:p@a",
            "https://a/?b",
            "http://localhost.evil.example",
        ] {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
        let url: PublicUrl = "https://a.example/ops/tasker/".parse().unwrap();
        assert_eq!(url.to("/auth/callback"), "https://a.example/ops/tasker/auth/callback");
    }

    #[test]
    fn only_pages_of_this_site_change_something_in_a_session() {
        let site = Site::new(Some("https://tasker.example".parse().unwrap()), None);
        let (host, ours) = (("host", "10.0.0.1:8080"), ("x-tasker-request", "1"));
        let check = |more: &[(&str, &str)]| {
            let all: Vec<_> = [host, ours].into_iter().chain(more.iter().copied()).collect();
            site.check_page(&headers(&all), &Uri::from_static("/v1/tasks")).is_ok()
        };
        for good in [
            &[][..],
            &[("origin", "https://tasker.example")],
            &[("origin", "http://10.0.0.1:8080")],
            &[("sec-fetch-site", "same-origin")],
        ] {
            assert!(check(good), "{good:?}");
        }
        for bad in [
            ("origin", "https://evil.example"),
            ("origin", "http://tasker.example"),
            ("origin", "https://tasker.example.evil.example"),
            ("origin", "null"),
            ("origin", ""),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
        ] {
            assert!(!check(&[bad]), "{bad:?}");
        }
        let without =
            |ours: &[(&str, &str)]| site.check_page(&headers(ours), &Uri::from_static("/")).is_err();
        assert!(without(&[]) && without(&[("x-tasker-request", "0")]));
    }

    #[test]
    fn a_request_for_another_name_is_for_the_public_url() {
        for (public_url, here, elsewhere) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080", "localhost:8080"),
            ("http://localhost:8080", "LOCALHOST:8080", "localhost:8081"),
            ("https://tasker.example/ops/", "tasker.example", "10.0.0.1:8080"),
        ] {
            let site = Site::new(Some(public_url.parse().unwrap()), None);
            let is_elsewhere =
                |host| site.elsewhere(&headers(&[("host", host)]), &Uri::from_static("/")).is_some();
            assert!(!is_elsewhere(here) && is_elsewhere(elsewhere), "{public_url}");
            assert!(site.elsewhere(&HeaderMap::new(), &Uri::from_static("/")).is_none());
        }
    }

    #[test]
    fn a_cookie_is_for_this_host_only_and_read_once() {
        let set = Cookies::Secure.set(Purpose::Session, "x", None);
        assert_eq!(set, "__Host-tasker=x; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(
            Cookies::Local.clear(Purpose::Login),
            "tasker_login=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
        let value = |text: &str| {
            Cookies::Local.value(Purpose::Session, &headers(&[("cookie", text)])).map(str::to_owned)
        };
        assert_eq!(value("a=b; tasker_session=x;c=d"), Some("x".to_owned()));
        assert_eq!(value("__Host-tasker=x"), None);
        assert_eq!(value("tasker_session=x; tasker_session=y"), None, "one of them is not ours");
    }
}
