//! Following a redirect: on AWS a large response is at another address, signed for a few minutes.

use reqwest::{
    Method, Response, StatusCode, Url,
    header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, LOCATION},
};

use crate::{call::Call, client::Settings, error::Result};

/// How many redirects follow each other at most.
const MOST: usize = 3;

/// The end of a chain of redirects.
pub(crate) enum End {
    Response(Response),
    /// A redirect that is not followed.
    Refused {
        status: StatusCode,
        why: String,
    },
}

/// Follows the redirects of a response. Only the server itself gets the headers of the request, with its credentials.
pub(crate) async fn follow(call: &Call<'_>, mut response: Response) -> Result<End> {
    for _ in 0..MOST {
        let status = response.status();
        let is_redirect = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
        if !is_redirect {
            return Ok(End::Response(response));
        }
        // Others would repeat an unsafe request in another place.
        if status != StatusCode::SEE_OTHER && call.method != Method::GET {
            return Ok(refused(status, "an unsafe request is not sent to another address"));
        }
        let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
        let location = location.and_then(|text| std::str::from_utf8(text).ok());
        let Some(target) = location.and_then(|text| response.url().join(text).ok()) else {
            return Ok(refused(status, "the redirect names no address"));
        };
        if call.settings.url.scheme() == "https" && target.scheme() != "https" {
            return Ok(refused(status, "the redirect leads away from HTTPS"));
        }
        response = if is_server(call.settings, &target) {
            call.send(Method::GET, target, safe(&call.headers), Vec::new()).await?
        } else {
            let elsewhere = call.settings.http.get(target).headers(plain());
            elsewhere.send().await.map_err(|error| call.broken(error))?
        };
    }
    Ok(match response.status() {
        status if status.is_redirection() => refused(status, "too many redirects"),
        _ => End::Response(response),
    })
}

fn is_server(settings: &Settings, target: &Url) -> bool {
    settings.url.origin() == target.origin()
}

/// Without what belongs to the body of the first request.
fn safe(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(reqwest::header::CONTENT_TYPE);
    headers.remove(HeaderName::from_static("idempotency-key"));
    headers
}

fn plain() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))])
}

fn refused(status: StatusCode, why: &str) -> End {
    End::Refused { status, why: why.to_owned() }
}
