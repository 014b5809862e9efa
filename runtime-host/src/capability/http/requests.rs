//! Every request of a guest, checked by the policy and then sent by the client.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use tasker_protocol::{Destination, Grants, LogLevel, OriginHost, Scheme};
use tasker_telemetry::{Attribute, SpanKind, metrics};
use tokio::sync::Semaphore;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpHooks};

use super::{
    client::{HttpClient, SendError, Sent},
    policy::Policy,
};
use crate::capability::logs::{HTTP_TARGET, Logs};
use crate::execution::budget::Held;
use crate::execution::calls::{Call, Calls};

/// The header of the W3C trace context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The maximum size of the headers of one request or response, in bytes in memory.
pub(super) const MAX_HEADER_BYTES: usize = 128 << 10;

/// The maximum number of bytes per write to the body of a request. The host holds a few of them per body.
pub(super) const MAX_BODY_CHUNK: usize = 64 << 10;

/// The guest made a request, and the step is granted no destination. As an error, it stops the guest.
#[derive(Debug, thiserror::Error)]
#[error("no destination is granted")]
pub(crate) struct NotGranted;

/// The state behind a guest's requests.
pub(crate) struct HttpState {
    pub(super) context: WasiHttpCtx,
    pub(super) hooks: Hooks,
    /// The memory of each of the guest's resources, by its place in the resource table.
    pub(super) held: HashMap<u32, Held>,
    /// The memory of trailers that were sent. They leave at a time that the host does not see.
    pub(super) sent: Vec<Held>,
}

pub(super) struct Hooks {
    /// None if the component does not import the interface.
    client: Option<Arc<HttpClient>>,
    grants: Grants,
    logs: Logs,
    in_flight: Arc<Semaphore>,
    /// What is added to requests without one.
    traceparent: Option<HeaderValue>,
    calls: Option<Calls>,
}

impl HttpState {
    pub(crate) fn new(
        client: &Arc<HttpClient>,
        grants: &Grants,
        logs: &Logs,
        traceparent: Option<&str>,
        calls: Option<Calls>,
    ) -> Self {
        let mut state = Self::with(Some(client.clone()), grants.clone(), logs.clone(), client.max_requests);
        state.hooks.traceparent = traceparent.and_then(|text| HeaderValue::try_from(text).ok());
        state.hooks.calls = calls;
        state
    }

    pub(super) fn with(
        client: Option<Arc<HttpClient>>,
        grants: Grants,
        logs: Logs,
        max_requests: usize,
    ) -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(MAX_HEADER_BYTES);
        let in_flight = Arc::new(Semaphore::new(max_requests));
        let hooks = Hooks { client, grants, logs, in_flight, traceparent: None, calls: None };
        Self { context, hooks, held: HashMap::new(), sent: Vec::new() }
    }

    /// Whether the step is granted any destination.
    pub(super) fn is_granted(&self) -> bool {
        self.hooks.client.is_some() && !self.hooks.grants.http.is_empty()
    }
}

type Sending = Box<dyn Future<Output = Result<Sent, Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        MAX_BODY_CHUNK
    }

    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _outcome: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Sending {
        match self.admit(&request) {
            Ok((client, policy, destination)) => {
                let Ok(permit) = self.in_flight.clone().try_acquire_owned() else {
                    self.refused(&format!(
                        "a request to {destination} was refused: {} are in flight, as many as the host allows at \
                         once (`max_http_requests`)",
                        client.max_requests
                    ));
                    return Box::new(std::future::ready(Err(Error::ConnectionLimitReached)));
                };
                if let Some(traceparent) = &self.traceparent {
                    // The handler may have a span of its own.
                    request.headers_mut().entry(TRACEPARENT).or_insert_with(|| traceparent.clone());
                }
                let logs = self.logs.clone();
                let traced =
                    self.calls.as_ref().and_then(|calls| Traced::begin(calls, &request, &destination));
                Box::new(async move {
                    let began = Instant::now();
                    let sending =
                        client.send(request, options.unwrap_or_default(), &destination, &policy, permit);
                    let sent = sending.await;
                    measure(&sent, began);
                    let status = sent.as_ref().ok().map(|(response, _)| response.status());
                    let sent = sent.map_err(|error| error.explain(&destination, &logs));
                    if let Some(traced) = traced {
                        traced.ended(status, sent.as_ref().err());
                    }
                    sent
                })
            }
            Err(error) => {
                count(DENIED);
                Box::new(std::future::ready(Err(error)))
            }
        }
    }
}

/// A request that is traced, until the head of its response.
struct Traced {
    call: Call,
    attributes: Vec<(&'static str, Attribute)>,
}

impl Traced {
    fn begin(calls: &Calls, request: &http::Request<WasiBody>, destination: &Destination) -> Option<Self> {
        // A guest may make up methods.
        let known = [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ];
        let method = known.into_iter().find(|method| method == request.method());
        let method = method.map_or_else(|| "_OTHER".to_owned(), |method| method.as_str().to_owned());
        let scheme = match destination.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let address = match &destination.host {
            OriginHost::Name(name) => name.clone(),
            OriginHost::Address(address) => address.to_string(),
        };
        let call = calls.begin(SpanKind::Client, method.clone())?;
        // Paths may hold what is secret, and queries more so.
        let attributes = vec![
            ("http.request.method", method.into()),
            ("url.scheme", scheme.into()),
            ("server.address", address.into()),
            ("server.port", i64::from(destination.port).into()),
        ];
        Some(Self { call, attributes })
    }

    fn ended(mut self, status: Option<StatusCode>, error: Option<&Error>) {
        let failed = status.filter(|status| status.is_client_error() || status.is_server_error());
        if let Some(status) = status {
            self.attributes.push(("http.response.status_code", i64::from(status.as_u16()).into()));
        }
        let class = error.map(class).or_else(|| failed.map(|status| status.as_str().to_owned()));
        if let Some(class) = class {
            self.attributes.push(("error.type", class.into()));
        }
        let error =
            error.map(ToString::to_string).or_else(|| failed.map(|status| status.as_str().to_owned()));
        self.call.ended(self.attributes, error);
    }
}

/// The name of an error's kind, without what it is about.
fn class(error: &Error) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The outcome of a request that its step is not granted.
const DENIED: &str = "denied";

/// Measures a request that ended.
fn measure(sent: &Result<Sent, SendError>, began: Instant) {
    count(match sent {
        Ok((response, _)) => match response.status().as_u16() / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        },
        Err(SendError::Prohibited(..)) => DENIED,
        Err(SendError::Http(_)) => "error",
    });
    if let Some(metrics) = metrics() {
        metrics.host_http_duration.took(began.elapsed(), []);
    }
}

fn count(outcome: &'static str) {
    if let Some(metrics) = metrics() {
        metrics.host_http_requests.add(1, [outcome.into()]);
    }
}

impl Hooks {
    /// Whether a request is allowed, and its destination.
    fn admit(
        &self,
        request: &http::Request<WasiBody>,
    ) -> Result<(Arc<HttpClient>, Policy, Destination), Error> {
        let destination = destination(request)?;
        let policy = Policy::new(&self.grants).map_err(|error| {
            self.refused(&format!("no request can be sent: {error}"));
            Error::ConfigurationError
        })?;
        match &self.client {
            Some(client) if policy.permits(&destination) => Ok((client.clone(), policy, destination)),
            _ => {
                self.refused(&format!(
                    "a request to {destination} was refused, because the step is not granted it: add \
                     `{destination}` to the step's `grants.http` in the template"
                ));
                Err(Error::HttpRequestDenied)
            }
        }
    }

    fn refused(&self, message: &str) {
        self.logs.explain(LogLevel::Error, HTTP_TARGET, message);
    }
}

/// The destination of a request whose parts agree.
fn destination(request: &http::Request<WasiBody>) -> Result<Destination, Error> {
    let uri = request.uri();
    let scheme = uri.scheme_str().and_then(Scheme::parse).ok_or(Error::HttpProtocolError)?;
    let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?;
    // Reject credentials in a URL: the part before `@` can be mistaken for the host.
    if authority.as_str().contains('@') {
        return Err(Error::HttpRequestUriInvalid);
    }
    let host = OriginHost::parse(authority.host()).ok_or(Error::HttpRequestUriInvalid)?;
    let port = match authority.port() {
        Some(port) => port.as_u16(),
        None => scheme.default_port(),
    };
    // A tunnel or an absolute request line would let a proxy choose another host.
    if request.method() == http::Method::CONNECT || !uri.path().starts_with('/') {
        return Err(Error::HttpRequestDenied);
    }
    let mut hosts = request.headers().get_all(http::header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if host.as_bytes() == authority.as_str().as_bytes() => {}
        _ => return Err(Error::HttpRequestDenied),
    }
    Ok(Destination { scheme, host, port })
}
