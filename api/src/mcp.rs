//! The Model Context Protocol at `/mcp`: tools over the routes of this API, with the caller's own credentials.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
        request::Parts,
    },
    middleware,
};
use tasker_mcp::{Api, ApiRequest, ApiResponse, ApiUnreachable, Settings, http_service};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::{
    access::authenticate,
    gateway::GatewayClaims,
    guardian::{API_KEY, Guardian},
    request_id,
    tasks::AnswerBy,
    trail::Peer,
};

/// The path of the MCP server.
const PATH: &str = "/mcp";
/// The maximum length of a response of the API that a tool reads, in bytes. It is cut for the client.
const LONGEST: usize = 64 << 20;
/// What the trail names as the program.
const PROGRAM: HeaderValue = HeaderValue::from_static("tasker-mcp");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Adds the MCP server to these routes, whose own requests it sends to them.
pub(crate) fn with_mcp(routes: Router, guardian: Guardian, writes: bool) -> Router {
    let behind = routes.clone();
    let service = http_service(&Settings::new(writes), move |head| {
        Arc::new(Routes { routes: behind.clone(), sender: Sender::of(head) }) as Arc<dyn Api>
    });
    let service = Router::new()
        .route_service(PATH, service)
        .route_layer(middleware::from_fn(authenticate))
        .layer(Extension(guardian));
    routes.merge(service)
}

/// The routes, as the sender of an MCP request may use them.
struct Routes {
    routes: Router,
    sender: Sender,
}

/// What a request to the routes takes over from the MCP request.
struct Sender {
    credentials: HeaderMap,
    peer: Option<Peer>,
    claims: Option<GatewayClaims>,
    answer_by: Option<AnswerBy>,
    /// The id of the MCP request, which the trail and problems name.
    request_id: Option<Uuid>,
}

impl Sender {
    fn of(head: &Parts) -> Self {
        let mut credentials = HeaderMap::new();
        for name in [HeaderName::from_static(API_KEY), AUTHORIZATION] {
            if let Some(value) = head.headers.get(&name) {
                credentials.insert(name, value.clone());
            }
        }
        let (peer, answer_by) = (head.extensions.get().copied(), head.extensions.get().copied());
        let claims = head.extensions.get().cloned();
        Self { credentials, peer, claims, answer_by, request_id: request_id::current() }
    }
}

#[async_trait]
impl Api for Routes {
    async fn call(&self, request: ApiRequest) -> Result<ApiResponse, ApiUnreachable> {
        let unfit =
            |error: &dyn std::fmt::Display| ApiUnreachable(format!("the request cannot be sent: {error}"));
        let mut sent = Request::builder()
            .method(request.method)
            .uri(request.path)
            .header(USER_AGENT, PROGRAM)
            .body(request.body.map_or_else(Body::empty, Body::from))
            .map_err(|error| unfit(&error))?;
        let headers = sent.headers_mut();
        headers.extend(self.sender.credentials.clone());
        if let Some(content_type) = request.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(key) = request.idempotency_key {
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(&key).map_err(|error| unfit(&error))?);
        }
        sent.extensions_mut().extend(self.sender.extensions());
        let Ok(response) =
            request_id::within(self.sender.request_id, self.routes.clone().oneshot(sent)).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), LONGEST).await.map_err(|error| unfit(&error))?;
        Ok(ApiResponse { status, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

impl Sender {
    fn extensions(&self) -> axum::http::Extensions {
        let mut extensions = axum::http::Extensions::new();
        if let Some(peer) = self.peer {
            extensions.insert(peer);
        }
        if let Some(claims) = self.claims.clone() {
            extensions.insert(claims);
        }
        if let Some(answer_by) = self.answer_by {
            extensions.insert(answer_by);
        }
        extensions
    }
}
