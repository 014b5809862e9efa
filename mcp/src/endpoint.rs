//! Serves MCP over HTTP without sessions: each request stands for itself, so that any process may answer it.

use std::{
    convert::Infallible,
    fmt::Display,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::HOST, request::Parts};
use http_body::Body;
use http_body_util::combinators::BoxBody;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};

use crate::{
    api::Api,
    server::{Server, Settings},
};

type Factory = dyn Fn(&Parts) -> Arc<dyn Api> + Send + Sync;

/// Returns a service for the path of the MCP server, such as `/mcp`.
///
/// For each HTTP request, `factory` returns the API as the sender of that request may use it: it receives the request's
/// head, with the credentials in its headers and whatever middleware put into its extensions. The service checks neither
/// credentials nor `Host` and `Origin`: what surrounds it must have. A body may have 4 MiB.
pub fn http_service<F>(settings: &Settings, factory: F) -> HttpService
where
    F: Fn(&Parts) -> Arc<dyn Api> + Send + Sync + 'static,
{
    let nobody: Arc<dyn Api> = Arc::new(Nobody);
    HttpService { server: Server::new(nobody, settings), factory: Arc::new(factory) }
}

/// A tower service that answers MCP requests, and so a handler of axum: `Router::route_service("/mcp", service)`.
#[derive(Clone)]
pub struct HttpService {
    server: Server,
    factory: Arc<Factory>,
}

impl HttpService {
    /// Answers one request.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<BoxBody<Bytes, Infallible>>
    where
        B: Body + Send + 'static,
        B::Error: Display,
    {
        let (mut head, body) = request.into_parts();
        let server = self.server.with_api((self.factory)(&head));
        // Checked before. The library refuses a request without one.
        head.headers.insert(HOST, HeaderValue::from_static("localhost"));
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_sse_keep_alive(None)
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let sessions = Arc::new(NeverSessionManager::default());
        let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
        service.handle(Request::from_parts(head, body)).await
    }
}

impl<B> tower::Service<Request<B>> for HttpService
where
    B: Body + Send + 'static,
    B::Error: Display,
{
    type Response = Response<BoxBody<Bytes, Infallible>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

/// Stands in the server that each request's own is made from.
struct Nobody;

#[async_trait::async_trait]
impl Api for Nobody {
    async fn call(&self, _: crate::ApiRequest) -> Result<crate::ApiResponse, crate::ApiUnreachable> {
        Err(crate::ApiUnreachable("the MCP service has no caller; this is a fault of Tasker".to_owned()))
    }
}
