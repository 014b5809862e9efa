//! Following a redirect: on AWS a large response is at another address, signed for a few minutes.

use reqwest::{
    Method, Response, StatusCode, Url,
    header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, LOCATION},
};

use crate::client::Settings;

/// How many redirects follow each other at most.
pub(crate) const MOST: usize = 3;

/// What a response asks for.
pub(crate) enum Next {
    /// Nothing: it is no redirect.
    Stay,
    /// A request to the server itself, with its credentials.
    Here(Url),
    /// A request without any to another address.
    Elsewhere(Url),
    /// A redirect that is not followed, and why.
    Refuse(&'static str),
}

/// Where a response to a request with this method leads.
pub(crate) fn next(settings: &Settings, method: &Method, response: &Response) -> Next {
    let status = response.status();
    if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
        return Next::Stay;
    }
    // Others would repeat an unsafe request in another place.
    if status != StatusCode::SEE_OTHER && *method != Method::GET {
        return Next::Refuse("an unsafe request is not sent to another address");
    }
    let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
    let location = location.and_then(|text| std::str::from_utf8(text).ok());
    let Some(target) = location.and_then(|text| response.url().join(text).ok()) else {
        return Next::Refuse("the redirect names no address");
    };
    if settings.url.scheme() == "https" && target.scheme() != "https" {
        return Next::Refuse("the redirect leads away from HTTPS");
    }
    if settings.url.origin() == target.origin() { Next::Here(target) } else { Next::Elsewhere(target) }
}

/// Without what belongs to the body of the first request.
pub(crate) fn safe(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(reqwest::header::CONTENT_TYPE);
    headers.remove(HeaderName::from_static("idempotency-key"));
    headers
}

/// What another address gets.
pub(crate) fn plain() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))])
}
