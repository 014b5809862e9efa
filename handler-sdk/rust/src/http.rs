//! HTTP requests from a handler, to the destinations in the template's `grants.http`.
//!
//! ```no_run
//! # use tasker_handler::prelude::*;
//! # fn charge(amount: u64) -> Result<(), Failure> {
//! let response = http::post("https://payments.example.com/charges").json(&json!({ "amount": amount }))?.send()?;
//! let charge: serde_json::Value = response.error_for_status()?.json()?;
//! # Ok(()) }
//! # use tasker_handler::serde_json;
//! ```
//!
//! [`Response::error_for_status`] decides which responses are errors and which errors are retryable:
//!
//! | status | failure |
//! |---|---|
//! | 1xx to 3xx | none; the host follows no redirects |
//! | 408 Request Timeout, 409 Conflict, 425 Too Early, 429 Too Many Requests | retryable |
//! | 500 Internal Server Error, 502 Bad Gateway, 503 Service Unavailable, 504 Gateway Timeout | retryable |
//! | any other from 400 on (400, 401, 403, 404, 410, 422, 501, 505 and so on) | permanent |
//!
//! A retryable failure waits as long as the response's `Retry-After` header states, in seconds or as a date.
//! A date in the past is ignored, and the template's backoff applies.

use std::time::{Duration, SystemTime};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Failure, date};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method: `GET`, `POST` and so on.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A response with its whole body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    url: String,
}

/// Creates a `GET` request.
pub fn get(url: &str) -> Request {
    Request::new("GET", url)
}

/// Creates a `POST` request.
pub fn post(url: &str) -> Request {
    Request::new("POST", url)
}

impl Request {
    /// Creates a request with any method.
    pub fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body to a value as JSON.
    ///
    /// # Errors
    /// A permanent `InvalidRequest` if the value cannot be serialized.
    pub fn json(mut self, value: &impl Serialize) -> Result<Self, Failure> {
        self.body = serde_json::to_vec(value).map_err(|error| {
            Failure::permanent("InvalidRequest", format!("the request's body cannot be serialized: {error}"))
        })?;
        Ok(self.header("content-type", "application/json"))
    }

    /// Sends the request and waits for the whole response.
    ///
    /// # Errors
    /// A retryable `HttpUnreachable` if there was no response; a permanent `HttpDenied` if the template does
    /// not grant the destination. An error status is not an error here: see [`Response::error_for_status`].
    pub fn send(self) -> Result<Response, Failure> {
        #[cfg(target_family = "wasm")]
        return wasi::send(&self);
        #[cfg(not(target_family = "wasm"))]
        return native::send(self);
    }
}

impl Response {
    /// Creates a response, for tests.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), url: String::new() }
    }

    /// The value of a header. `name` must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Parses the body as JSON.
    ///
    /// # Errors
    /// A retryable `HttpInvalidBody`; the message contains the position of the error.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::retryable(
                "HttpInvalidBody",
                format!("the response of {} does not have the expected form: {error}", self.url),
            )
        })
    }

    /// Returns the response unless its status is an error; the table of this module states which are.
    ///
    /// # Errors
    /// A failure named `Http` and the status, with the beginning of the body as details.
    pub fn error_for_status(self) -> Result<Self, Failure> {
        if self.status < 400 {
            return Ok(self);
        }
        let body: String = String::from_utf8_lossy(&self.body).chars().take(1000).collect();
        let name = format!("Http{}", self.status);
        let message = format!("{} returned {}", self.url, self.status);
        let retryable = matches!(self.status, 408 | 409 | 425 | 429 | 500 | 502 | 503 | 504);
        let mut failure =
            if retryable { Failure::retryable(name, message) } else { Failure::permanent(name, message) };
        if retryable {
            failure.retry_after = self.header("retry-after").and_then(retry_after);
        }
        Err(failure.with_details(serde_json::json!({ "body": body })))
    }
}

/// The wait in a `Retry-After` header: seconds, or a date in the future.
fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    date::parse(value)?.duration_since(SystemTime::now()).ok()
}

#[cfg(target_family = "wasm")]
mod wasi {
    //! Sends requests through `wasi:http`.

    use wasip2::{
        http::{
            outgoing_handler::handle,
            types::{ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme},
        },
        io::streams::StreamError,
    };

    use super::{Request, Response};
    use crate::Failure;

    pub(super) fn send(request: &Request) -> Result<Response, Failure> {
        let outgoing = prepare(request)?;
        let body = outgoing.body().map_err(|()| invalid(request, "it has no body to write to"))?;
        let future = handle(outgoing, None).map_err(|error| unreachable(request, &error))?;
        write(request, body)?;
        future.subscribe().block();
        match future.get() {
            Some(Ok(Ok(response))) => read(request, &response),
            Some(Ok(Err(error))) => Err(unreachable(request, &error)),
            _ => Err(Failure::retryable("HttpUnreachable", format!("{}: no response", request.url))),
        }
    }

    fn prepare(request: &Request) -> Result<OutgoingRequest, Failure> {
        let (scheme, rest) =
            request.url.split_once("://").ok_or_else(|| invalid(request, "it has no scheme"))?;
        let (authority, path) = rest.find(['/', '?']).map_or((rest, "/".to_owned()), |start| {
            let (authority, path) = rest.split_at(start);
            (authority, if path.starts_with('?') { format!("/{path}") } else { path.to_owned() })
        });
        let headers = Fields::new();
        for (name, value) in &request.headers {
            headers
                .append(name, value.as_bytes())
                .map_err(|error| invalid(request, &format!("header `{name}`: {error:?}")))?;
        }
        // Without it even an empty body would be chunked, which servers do not expect of a GET.
        headers
            .append("content-length", request.body.len().to_string().as_bytes())
            .map_err(|error| invalid(request, &format!("content-length: {error:?}")))?;
        let outgoing = OutgoingRequest::new(headers);
        let scheme = match scheme {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            other => Scheme::Other(other.to_owned()),
        };
        let refused = |what: &'static str| move |()| invalid(request, what);
        outgoing.set_method(&method(&request.method)).map_err(refused("its method is not valid"))?;
        outgoing.set_scheme(Some(&scheme)).map_err(refused("its scheme is not valid"))?;
        outgoing.set_authority(Some(authority)).map_err(refused("its host is not valid"))?;
        outgoing.set_path_with_query(Some(&path)).map_err(refused("its path is not valid"))?;
        Ok(outgoing)
    }

    fn method(name: &str) -> Method {
        match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "PATCH" => Method::Patch,
            "OPTIONS" => Method::Options,
            other => Method::Other(other.to_owned()),
        }
    }

    fn write(request: &Request, body: OutgoingBody) -> Result<(), Failure> {
        let broken =
            |_| Failure::retryable("HttpUnreachable", format!("{}: the connection broke", request.url));
        {
            let stream = body.write().map_err(|()| invalid(request, "its body cannot be written"))?;
            // The maximum size of one write.
            for chunk in request.body.chunks(4096) {
                stream.blocking_write_and_flush(chunk).map_err(broken)?;
            }
        }
        OutgoingBody::finish(body, None).map_err(|error| unreachable(request, &error))
    }

    fn read(request: &Request, response: &IncomingResponse) -> Result<Response, Failure> {
        let broken = |what: String| Failure::retryable("HttpUnreachable", format!("{}: {what}", request.url));
        let text = |(name, value): (String, Vec<u8>)| {
            (name.to_ascii_lowercase(), String::from_utf8_lossy(&value).into_owned())
        };
        let headers = response.headers().entries().into_iter().map(text).collect();
        let incoming = response.consume().map_err(|()| broken("the response has no body".to_owned()))?;
        let stream = incoming.stream().map_err(|()| broken("the response cannot be read".to_owned()))?;
        let mut body = Vec::new();
        loop {
            match stream.blocking_read(64 << 10) {
                Ok(chunk) => body.extend(chunk),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(error)) => return Err(broken(error.to_debug_string())),
            }
        }
        Ok(Response { status: response.status(), headers, body, url: request.url.clone() })
    }

    fn invalid(request: &Request, what: &str) -> Failure {
        Failure::permanent("InvalidRequest", format!("`{}`: {what}", request.url))
    }

    fn unreachable(request: &Request, error: &ErrorCode) -> Failure {
        match error {
            ErrorCode::HttpRequestDenied => Failure::permanent(
                "HttpDenied",
                format!("{} is not granted to this step; see `grants.http` in the template", request.url),
            ),
            other => Failure::retryable("HttpUnreachable", format!("{}: {other:?}", request.url)),
        }
    }
}

#[cfg(not(target_family = "wasm"))]
pub(crate) mod native {
    //! In ordinary tests, the test answers the requests.

    use std::cell::RefCell;

    use super::{Request, Response};
    use crate::Failure;

    type Responder = Box<dyn FnMut(&Request) -> Result<Response, Failure>>;

    thread_local! {
        static RESPONDER: RefCell<Option<Responder>> = const { RefCell::new(None) };
    }

    /// Answers all later requests of this thread with `responder`. Nothing is ever sent natively.
    pub fn respond_with(responder: impl FnMut(&Request) -> Result<Response, Failure> + 'static) {
        RESPONDER.with(|slot| *slot.borrow_mut() = Some(Box::new(responder)));
    }

    pub(super) fn send(request: Request) -> Result<Response, Failure> {
        let answer = RESPONDER.with(|slot| slot.borrow_mut().as_mut().map(|responder| responder(&request)));
        let mut response = answer.unwrap_or_else(|| {
            let message =
                "requests are only sent in a component; in tests, use testing::respond_with".to_owned();
            Err(Failure::permanent("HttpUnavailable", message))
        })?;
        response.url = request.url;
        Ok(response)
    }
}
