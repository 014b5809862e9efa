//! A server that answers as a test tells it, and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tasker_client::{Client, ClientBuilder};
use tokio::net::TcpListener;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) struct Fake {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    /// Answers each request by its number, from 0.
    pub(crate) async fn start(answer: impl Fn(usize, &Seen) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (answer, known) = (Arc::new(answer), Arc::clone(&seen));
        let router = Router::new().fallback(move |request: Request| {
            let (answer, known) = (Arc::clone(&answer), Arc::clone(&known));
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                let seen = Seen { method: head.method, uri: head.uri, headers: head.headers, body };
                let number = {
                    let mut known = known.lock().unwrap();
                    known.push(seen.clone());
                    known.len() - 1
                };
                answer(number, &seen)
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder(&self.url).api_key("tsk_secret")
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// The requests up to now.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) fn json_of(status: u16, body: &Value) -> Response {
    text_of(status, &body.to_string())
}

pub(crate) fn text_of(status: u16, body: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), [(CONTENT_TYPE, "application/json")], body.to_owned())
        .into_response()
}

pub(crate) fn problem(status: u16, code: &str) -> Response {
    let instance = "urn:tasker:request:00000000-0000-4000-8000-00000000000a";
    let body = json!({
        "type": format!("urn:tasker:error:{code}"), "title": "", "status": status, "detail": "as the test wants",
        "code": code, "instance": instance
    });
    let mut response = json_of(status, &body);
    response.headers_mut().insert(CONTENT_TYPE, "application/problem+json".parse().unwrap());
    response
}

/// Not now, but after this pause.
pub(crate) fn unavailable(retry_after: &str) -> Response {
    let mut response = problem(503, "unavailable");
    response.headers_mut().insert("retry-after", retry_after.parse().unwrap());
    response
}

/// A response whose connection breaks in its body.
pub(crate) fn broken(status: u16, beginning: &str) -> Response {
    let parts = [Ok(Bytes::from(beginning.to_owned())), Err(std::io::Error::other("cut"))];
    let parts = stream::iter(parts).then(|part| async {
        if part.is_err() {
            // So that what comes before it is sent.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        part
    });
    let mut response = Response::new(Body::from_stream(parts));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

/// Server-sent events, then the end of the connection, or its break.
pub(crate) fn events(text: &str, breaks: bool) -> Response {
    let mut response = if breaks { broken(200, text) } else { Response::new(Body::from(text.to_owned())) };
    response.headers_mut().insert(CONTENT_TYPE, "text/event-stream".parse().unwrap());
    response
}

/// A task in a state.
pub(crate) fn task(id: &str, status: &str) -> Value {
    json!({
        "task_id": id, "namespace": "shop", "name": "order", "version": "1.0.0", "status": status, "priority": 0,
        "tags": [], "correlation_id": "c", "created_at": "2030-01-01T12:00:00Z", "completion_percentage": 0.0,
        "steps": { "total": 1, "satisfied": 0, "running": 1, "retrying": 0, "failed": 0 },
        "execution_status": "processing", "recommended_action": "wait_for_completion", "health_status": "healthy"
    })
}
