//! Which pages of other sites may use the API: none, but for the origins that the configuration names. They send an API key or
//! a token; cookies are for the server's own pages.

use std::{str::FromStr, time::Duration};

use axum::http::{
    HeaderName, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER},
};
use tower_http::cors::CorsLayer;
use url::Url;

/// How long browsers remember what they may send.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The origin of a page: `https://app.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOrigin(HeaderValue);

/// Why a text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no origin of a page: write one such as https://app.example.com, without a path")]
pub struct BadOrigin(String);

impl FromStr for PageOrigin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let bad = || BadOrigin(text.to_owned());
        let url = Url::parse(text).map_err(|_| bad())?;
        let origin = url.origin().ascii_serialization();
        // As a browser writes it: nothing is compared but equal texts.
        if !matches!(url.scheme(), "http" | "https") || origin != text {
            return Err(bad());
        }
        HeaderValue::try_from(origin).map(Self).map_err(|_| bad())
    }
}

impl PageOrigin {
    pub(crate) fn is(&self, origin: &str) -> bool {
        self.0.as_bytes() == origin.as_bytes()
    }
}

/// Answers the questions of browsers, for these origins.
pub(crate) fn layer(origins: &[PageOrigin]) -> CorsLayer {
    let header = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(origins.iter().map(|origin| origin.0.clone()).collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            header("idempotency-key"),
            header("last-event-id"),
            header("traceparent"),
            header("x-api-key"),
            header("x-request-id"),
        ])
        .expose_headers([ETAG, LOCATION, RETRY_AFTER, header("x-request-id"), header("idempotency-replayed")])
        .max_age(REMEMBERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_write() {
        for text in ["https://app.example.com", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(text.parse::<PageOrigin>().is_ok_and(|origin| origin.is(text)), "{text}");
        }
        for text in [
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com:443",
            "HTTPS://A.example",
            "ftp://a.example",
            "",
        ] {
            assert_eq!(text.parse::<PageOrigin>(), Err(BadOrigin(text.to_owned())));
        }
    }
}
