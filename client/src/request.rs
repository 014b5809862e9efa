//! A request to any route.

use std::time::Duration;

use reqwest::{
    Method, Response, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    answer::Answer,
    call::Call,
    client::Client,
    error::{Error, Result},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The query parameter that says what a repeated creation does.
const ON_DUPLICATE: &str = "on_duplicate";
pub(crate) const JSON: &str = "application/json";

/// A request that has not been sent. [`Client::request`] makes it.
///
/// What is wrong with it is reported when it is sent.
#[must_use]
#[derive(Debug, Clone)]
pub struct Request {
    client: Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
    timeout: Duration,
    /// The first thing that is wrong with it.
    fault: Option<String>,
}

impl Client {
    /// A request to a route of the API (`api/openapi.json`), for what has no method of its own: `client.request(Method::GET,
    /// "/v1/me")`. Names in the path are percent-encoded, the query is added by [`Request::query`].
    pub fn request(&self, method: Method, path: &str) -> Request {
        let mut request = Request::new(self, method);
        if path.contains(['?', '#']) {
            request.fault("a path has no query: use `Request::query`");
        }
        match self.settings.url.join(path.trim_start_matches('/')) {
            // `//host` and `..` lead elsewhere.
            Ok(url) if url.as_str().starts_with(self.url()) => request.url = url,
            _ => request.fault(format!("`{path}` is not a path")),
        }
        request
    }

    /// A request to the route with these parts, which may contain any character.
    pub(crate) fn route(&self, method: Method, parts: &[&str]) -> Request {
        let mut request = Request::new(self, method);
        if let Some(part) = parts.iter().find(|part| ["", ".", ".."].contains(part)) {
            request.fault(format!("`{part}` is not a name"));
        }
        if let Ok(mut path) = request.url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        request
    }
}

impl Request {
    fn new(client: &Client, method: Method) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(client.settings.credentials.clone());
        let timeout = client.settings.timeout;
        let url = client.settings.url.clone();
        let mut request =
            Self { client: client.clone(), method, url, headers, body: Vec::new(), timeout, fault: None };
        if let Some(traceparent) = &client.settings.traceparent {
            request.set(TRACEPARENT, traceparent);
        }
        request
    }

    /// How often it is repeated, at most.
    pub(crate) fn retries(&self) -> u32 {
        self.client.settings.retries
    }

    fn fault(&mut self, fault: impl Into<String>) {
        self.fault.get_or_insert_with(|| fault.into());
    }

    fn set(&mut self, name: HeaderName, value: &str) {
        match HeaderValue::try_from(value) {
            Ok(value) => {
                self.headers.insert(name, value);
            }
            Err(_) => self.fault(format!("`{value}` cannot be sent as {name}: it is not visible ASCII")),
        }
    }

    /// Adds a parameter to the query.
    #[expect(clippy::needless_pass_by_value, reason = "a caller writes `5`, not `&5`")]
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.url.query_pairs_mut().append_pair(name, &value.to_string());
        self
    }

    /// Sends this value as JSON.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        self.json_as(JSON, value)
    }

    /// Sends this value as JSON of a special kind, such as a CloudEvent.
    pub(crate) fn json_as(mut self, content_type: &str, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body(content_type, body),
            Err(error) => {
                self.fault(format!("the body has no JSON form: {error}"));
                self
            }
        }
    }

    /// Sends this body.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.set(CONTENT_TYPE, content_type);
        self.body = body.into();
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match HeaderName::try_from(name) {
            Ok(name) => self.set(name, value),
            Err(_) => self.fault(format!("`{name}` is not the name of a header")),
        }
        self
    }

    /// Makes the request safe to repeat: for 24 hours (a creation of a task: for ever), a repetition with this key does nothing
    /// and gets the first response. 1 to 255 visible ASCII characters.
    ///
    /// Where the API takes a key, an unsafe request without one gets one, except for creations of tasks: a key decides which
    /// of them are the same.
    pub fn idempotency_key(mut self, key: impl AsRef<str>) -> Self {
        self.set(IDEMPOTENCY_KEY, key.as_ref());
        self
    }

    /// Makes the request a part of a trace: a W3C `traceparent`.
    pub fn traceparent(mut self, traceparent: impl AsRef<str>) -> Self {
        self.set(TRACEPARENT, traceparent.as_ref());
        self
    }

    /// The time limit of each attempt, in the place of the client's.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Lets the server take this much time more.
    pub(crate) fn patient(self, time: Duration) -> Self {
        Self { timeout: self.timeout.saturating_add(time), ..self }
    }

    /// The same request to a route below, with the same query.
    pub(crate) fn below(mut self, part: &str) -> Self {
        if let Ok(mut path) = self.url.path_segments_mut() {
            path.push(part);
        }
        self
    }

    /// Records that the request cannot be sent.
    pub(crate) fn failed(mut self, fault: Option<String>) -> Self {
        self.fault = self.fault.or(fault);
        self
    }

    /// Sends the request and reads the response. `()` takes an empty one.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T> {
        self.answer().await?.parse()
    }

    /// Sends the request and returns the body of the response as it is.
    pub async fn bytes(self) -> Result<Vec<u8>> {
        self.answer().await?.into_body()
    }

    /// Sends the request and returns the response, whatever its status: a refusal is no error here.
    pub async fn answer(self) -> Result<Answer> {
        let (request_id, span) = self.identity();
        self.call(request_id)?.answer().instrument(span).await
    }

    /// Sends the request and returns the response before its body has come.
    pub(crate) async fn open(self) -> Result<Response> {
        let (request_id, span) = self.identity();
        self.call(request_id)?.open().instrument(span).await
    }

    fn identity(&self) -> (Uuid, tracing::Span) {
        let request_id = Uuid::new_v4();
        let span = tracing::debug_span!("tasker_request", method = %self.method, path = self.url.path(), %request_id);
        (request_id, span)
    }

    fn call(&self, request_id: Uuid) -> Result<Call<'_>> {
        if let Some(fault) = &self.fault {
            return Err(Error::Invalid(fault.clone()));
        }
        let mut headers = self.headers.clone();
        headers.insert(REQUEST_ID, header(&request_id));
        let path = self.url.path().get(self.client.settings.url.path().len()..).unwrap_or_default();
        if !headers.contains_key(IDEMPOTENCY_KEY) && gets_key(&self.method, path) {
            headers.insert(IDEMPOTENCY_KEY, header(&Uuid::new_v4()));
        }
        let is_creation = self.method == Method::POST && path == TASKS;
        let is_repeatable = repeats_itself(&self.method) || headers.contains_key(IDEMPOTENCY_KEY);
        let mut url = self.url.clone();
        // A signature of AWS covers no plus.
        url.set_query(self.url.query().map(|query| query.replace('+', "%20")).as_deref());
        let says_what_to_return = self.url.query_pairs().any(|(name, _)| name == ON_DUPLICATE);
        Ok(Call {
            settings: &self.client.settings,
            method: self.method.clone(),
            url,
            headers,
            body: self.body.clone(),
            timeout: self.timeout,
            request_id,
            is_repeatable,
            on_repetition: (is_creation && !says_what_to_return).then_some((ON_DUPLICATE, "return")),
        })
    }
}

const TASKS: &str = "v1/tasks";

/// Whether a repetition of such a request changes nothing more.
fn repeats_itself(method: &Method) -> bool {
    method.is_safe() || *method == Method::PUT
}

/// Whether an unsafe request to a route gets a key. Not where the response holds a secret, which is not stored.
fn gets_key(method: &Method, path: &str) -> bool {
    let holds_secret =
        *method == Method::POST && path.starts_with("v1/keys") || path.starts_with("v1/subscriptions");
    !repeats_itself(method) && path != TASKS && !holds_secret
}

fn header(id: &Uuid) -> HeaderValue {
    // A UUID is visible ASCII.
    HeaderValue::try_from(id.to_string()).unwrap_or(HeaderValue::from_static(""))
}
