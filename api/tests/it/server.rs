//! The router on a database of its own, with a template `order` of one step.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
    response::Response,
};
use http_body_util::BodyExt;
use serde_json::Value;
use tasker_api::{Authentication, Doors, router};
use tasker_orchestrator::{
    IntakeLimits, Orchestrator,
    access::{Caller, NewKey},
};
use tasker_test_support::TestDatabase;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::orchestrator::{orchestrator_with, publish_order};

pub(crate) struct Server {
    router: Router,
    pub(crate) orchestrator: Orchestrator,
    pub(crate) database: TestDatabase,
    _blobs: TempDir,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// The body, whatever it is.
    pub(crate) text: String,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(Authentication::Off).await
    }

    pub(crate) async fn start_with(doors: impl Into<Doors>) -> Self {
        Self::start_limited(doors, IntakeLimits::default()).await
    }

    /// Starts a server with this room for creations.
    pub(crate) async fn start_limited(doors: impl Into<Doors>, intake: IntakeLimits) -> Self {
        let database = TestDatabase::new().await;
        let blobs = tempfile::tempdir().unwrap();
        let (orchestrator, creations) = orchestrator_with(database.pool.clone(), &blobs, intake);
        let (creating, stop) = (orchestrator.clone(), CancellationToken::new());
        let stopped = stop.clone();
        tokio::spawn(async move { creating.run_creations(creations, stopped).await });
        publish_order(&orchestrator).await;
        let router = router(orchestrator.clone(), doors, stop);
        Self { router, orchestrator, database, _blobs: blobs }
    }

    /// Creates an API key with this role. Returns its text.
    pub(crate) async fn key(&self, role: &str, namespaces: Option<&[&str]>) -> String {
        let request = NewKey {
            name: format!("a-{role}"),
            roles: vec![role.to_owned()],
            namespaces: namespaces.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            ..NewKey::default()
        };
        self.orchestrator.keys.create(&request, &Caller::local()).await.unwrap().secret
    }

    /// Sends a request, and returns the response before its body has come.
    pub(crate) async fn respond(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn get_text(&self, path: &str) -> String {
        let answer = self.respond(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let answer = self.respond(request).await;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default(), text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends a JSON body with these headers.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::post(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.call(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}
