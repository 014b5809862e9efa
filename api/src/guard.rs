//! Refuses requests that no program of ours sends: from web pages of other sites, and with NUL characters.
//!
//! A server on loopback is open to every program of its machine, and a web page can reach it too: through a domain name
//! that its owner points at 127.0.0.1 (DNS rebinding), or by a request to another origin. Such requests carry the page's
//! name in `Host` or `Origin`. Of a request that only reads, as for an image, a browser says no more than that it is
//! `cross-site`.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, Uri,
        header::{HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    cors::PageOrigin,
    problem::{ApiError, Code},
};

/// What a server on loopback is called, and whose pages may use it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Its names, other than those of this machine.
    pub(crate) hosts: Vec<String>,
    /// The origins of other sites' pages that may use it.
    pub(crate) origins: Vec<PageOrigin>,
}

/// Where a browser says whether a request's page is of this site.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Where it says that it goes to the address, instead of loading something for a page.
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// Where it says what it goes to the address for: a `document` is a whole window, and not a frame of a page.
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Refuses a request whose `Host` is not a name of this machine or known, or whose `Origin` is neither; and one for a page of
/// another site, but for links to our own pages.
pub(crate) async fn refuse_foreign_pages(
    State(known): State<Arc<Known>>,
    request: Request,
    next: Next,
) -> Response {
    match foreign_name(request.headers(), request.uri(), &known) {
        None => next.run(request).await,
        Some((header, name)) => {
            let message = if header == SEC_FETCH_SITE {
                "`sec-fetch-site` is `cross-site`: pages of other sites may link to the console, and load nothing from here; to \
                 allow it, add the page's origin to `server.cors_origins`"
                    .to_owned()
            } else {
                format!(
                    "`{header}` is `{name}`, which is not a name of this machine; to allow it, as behind a proxy, add it to \
                 `server.hosts`, or a page's origin to `server.cors_origins`"
                )
            };
            let code = if header == HOST { Code::HostRefused } else { Code::OriginRefused };
            if tasker_grpc::is_call(request.headers()) {
                return tasker_grpc::refused(code.as_str(), &message).map(Body::new);
            }
            ApiError::new(code, message).into_response()
        }
    }
}

/// Returns the header with a name that is not allowed, and that name.
fn foreign_name(headers: &HeaderMap, uri: &Uri, known: &Known) -> Option<(HeaderName, String)> {
    let is_allowed = |authority: &str| {
        let host = host_of(authority);
        is_loopback(&host) || known.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host))
    };
    let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    // With HTTP/2 the name is in the URI, and a header may be there too.
    let names = [uri.authority().map(ToString::to_string), text(HOST)];
    if let Some(host) = names.into_iter().flatten().find(|host| !is_allowed(host)) {
        return Some((HOST, host));
    }
    // A page without an origin of its own sends `null`.
    let origin = text(ORIGIN);
    let is_known = |origin: &String| known.origins.iter().any(|known| known.is(origin));
    if origin.as_ref().is_some_and(is_known) {
        return None;
    }
    let is_own =
        |origin: &String| origin.split_once("://").is_some_and(|(_, authority)| is_allowed(authority));
    if let Some(origin) = origin
        && !is_own(&origin)
    {
        return Some((ORIGIN, origin));
    }
    let site = text(SEC_FETCH_SITE).filter(|site| site == "cross-site")?;
    (!is_link_to_page(headers, uri)).then_some((SEC_FETCH_SITE, site))
}

/// Whether a browser goes to one of our own pages, or comes back from an identity provider.
fn is_link_to_page(headers: &HeaderMap, uri: &Uri) -> bool {
    let path = uri.path();
    let is_page =
        matches!(path, "/" | "/console") || path.starts_with("/console/") || path.starts_with("/auth/");
    let is_window = headers.get(SEC_FETCH_DEST).is_none_or(|dest| dest == "document");
    is_page && is_window && headers.get(SEC_FETCH_MODE).is_some_and(|mode| mode == "navigate")
}

/// Returns the host of `host:port`, without the brackets of an IPv6 address.
fn host_of(authority: &str) -> String {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Refuses a NUL character in the path or the query: PostgreSQL cannot store it, so nothing has such a name.
pub(crate) async fn refuse_nul(request: Request, next: Next) -> Response {
    let has_nul = |text: &str| text.contains("%00");
    let query = request.uri().query().unwrap_or_default();
    let place = if has_nul(request.uri().path()) {
        "the path".to_owned()
    } else if let Some(parameter) = query.split('&').find(|parameter| has_nul(parameter)) {
        format!("the parameter `{}`", parameter.split('=').next().unwrap_or_default())
    } else {
        return next.run(request).await;
    };
    let message = format!("{place} must not contain a NUL character");
    ApiError::new(Code::InvalidRequest, message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_allowed_on_loopback() {
        let origins = vec!["https://app.example.com".parse().unwrap()];
        let known = Known { hosts: vec!["tasker.example.com".to_owned()], origins };
        let blamed = |host: &str, origin: Option<&str>| {
            let mut headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            headers.extend(origin.map(|origin| (ORIGIN, origin.parse().unwrap())));
            foreign_name(&headers, &Uri::from_static("/v1/tasks"), &known).map(|(header, _)| header)
        };
        for host in [
            "localhost:8080",
            "LOCALHOST",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:8080",
            "app.localhost",
            "localhost.",
        ] {
            assert_eq!(blamed(host, None), None, "{host}");
            assert_eq!(blamed(host, Some(&format!("http://{host}"))), None, "{host}");
        }
        assert_eq!(blamed("tasker.example.com", Some("https://tasker.example.com")), None);
        assert_eq!(blamed("localhost", Some("https://app.example.com")), None);
        assert_eq!(blamed("localhost", Some("http://app.example.com")), Some(ORIGIN));
        for host in
            ["evil.example", "127.0.0.1.evil.example:8080", "localhost.evil.example", "10.0.0.1", "[::2]", ""]
        {
            assert_eq!(blamed(host, None), Some(HOST), "{host}");
            assert_eq!(blamed("localhost", Some(&format!("http://{host}"))), Some(ORIGIN), "{host}");
        }
        assert_eq!(blamed("localhost", Some("null")), Some(ORIGIN));
        let headers = HeaderMap::from_iter([(HOST, "localhost".parse().unwrap())]);
        let uri = Uri::from_static("http://evil.example/v1/tasks");
        assert_eq!(foreign_name(&headers, &uri, &known).map(|(header, _)| header), Some(HOST));
    }

    #[test]
    fn pages_of_other_sites_link_to_our_pages_and_load_nothing_on_loopback() {
        let known = Known { hosts: Vec::new(), origins: vec!["https://app.example.com".parse().unwrap()] };
        let blamed = |path: &'static str, more: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::from_iter([(HOST, "localhost:8080".parse().unwrap())]);
            for (name, value) in more {
                headers.insert(*name, value.parse().unwrap());
            }
            foreign_name(&headers, &Uri::from_static(path), &known).map(|(header, _)| header)
        };
        let (cross, link) = (("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"));
        for path in ["/", "/console", "/console/", "/console/app.js", "/auth/callback?code=a&state=b"] {
            assert_eq!(blamed(path, &[cross, link]), None, "{path}");
            assert_eq!(blamed(path, &[cross, link, ("sec-fetch-dest", "document")]), None, "{path}");
            let framed = blamed(path, &[cross, link, ("sec-fetch-dest", "iframe")]);
            assert_eq!(framed, Some(SEC_FETCH_SITE), "{path}");
            for loaded in [&[cross][..], &[cross, ("sec-fetch-mode", "no-cors")]] {
                assert_eq!(blamed(path, loaded), Some(SEC_FETCH_SITE), "{path} {loaded:?}");
            }
        }
        for path in ["/v1/tasks", "/v1/tasks?limit=1", "/mcp", "/consoles", "/authors"] {
            assert_eq!(blamed(path, &[cross, link]), Some(SEC_FETCH_SITE), "{path}");
            assert_eq!(blamed(path, &[cross]), Some(SEC_FETCH_SITE), "{path}");
            assert_eq!(blamed(path, &[cross, ("origin", "https://app.example.com")]), None, "{path}");
            assert_eq!(blamed(path, &[cross, ("origin", "https://evil.example")]), Some(ORIGIN), "{path}");
            for near in ["same-origin", "same-site", "none"] {
                assert_eq!(blamed(path, &[("sec-fetch-site", near)]), None, "{path} {near}");
            }
        }
    }
}
